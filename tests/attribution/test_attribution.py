# SPDX-License-Identifier: GPL-3.0-or-later
"""Every case of the attribution table, asserted."""
import re
import sys
import tempfile
import unittest
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent),
                str(Path(__file__).resolve().parents[1] / "live")]

import run  # noqa: E402
import world  # noqa: E402
from harness import TsharkTest  # noqa: E402


class Attribution(TsharkTest):
    """All cases are played once; each is then a test of its own."""

    plugin = world.PLUGIN

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        owned = tempfile.TemporaryDirectory(prefix="pktwho-attribution-")
        cls.addClassCleanup(owned.cleanup)
        directory = Path(owned.name)
        directory.chmod(0o755)
        cls.outcome = run.run(directory, cls.tshark, sys.argv[3])
        cls.scores = cls.outcome.by_case()
        run.print_table(cls.outcome)

    def test_all_were_played(self):
        self.assertEqual(self.outcome.failed, [])
        self.assertNotIn("- not ours", self.scores)

    def test_no_capture_lost_a_packet(self):
        """But under the load, where two loops eat the cores, one in 100."""
        for name, (status, said) in self.outcome.said.items():
            found = re.search(r"(\d+) packets, (\d+) dropped(.*)\n", said)
            self.assertTrue(found, (name, said))
            packets, dropped = map(int, found.groups()[:2])
            if name == "load lo":
                self.assertLessEqual(dropped, packets / 100, said)
            else:
                self.assertEqual((status, dropped, found[3]), (0, 0, ""),
                                 (name, said))

    def check(self, name, score):
        """None is wrong.  Who uses a socket only after its packet was held
        for as long as it may be, on a busy machine, is unknown."""
        number = int(name.split()[0])
        self.assertEqual(score.wrong, 0)
        if number <= 8:
            self.assertLessEqual(score.unknown, max(1, score.packets / 100))
        elif number <= 10:
            self.assertEqual(score.silent, 0)
        else:
            self.assertGreaterEqual(score.named, 0.99 * score.packets)


def add(name):
    def test(self):
        """Named and right, as the issue demands of this case."""
        score = self.scores.get(name)
        if not score:
            self.skipTest(dict(self.outcome.skips).get(name, "no packets"))
        try:
            self.check(name, score)
        except AssertionError as error:
            raise AssertionError("\n".join([str(error),
                                            *score.faults[:5]])) from None
    label = "".join(c if c.isalnum() else "_" for c in name)
    setattr(Attribution, f"test_case_{label}", test)


for each in [*(c.name for c in run.cases.every()), run.OWN, run.UNREADABLE,
             run.pressure.NAME]:
    add(each)

if __name__ == "__main__":
    world.need_root()
    world.need("ip", "tshark", "setpriv")
    unittest.main(argv=sys.argv[:1], verbosity=2)
