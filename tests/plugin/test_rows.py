# SPDX-License-Identifier: GPL-3.0-or-later
"""The display filter that y copies in pktwho top finds the packets of its row
and no others, as tshark counts them."""
import json
import re
import subprocess
import sys
import unittest
from pathlib import Path

from harness import SOURCE, TsharkTest

PLUGIN, PKTWHO = map(Path, sys.argv[1:3])
SAMPLES = sorted((SOURCE / "samples").glob("*.pcapng"))
KINDS = ("connections", "processes", "programs", "hosts", "countries", "users",
         "containers")


class Rows(TsharkTest):
    plugin = PLUGIN

    def rows(self, path, kind):
        done = subprocess.run(
            [PKTWHO, "top", "-q", "-r", path, "--batch", "--json", "--by", kind,
             "--geo", SOURCE / "share/country.mmdb"], capture_output=True,
            text=True, check=True)
        return json.loads(done.stdout.splitlines()[-1])["rows"]

    def counts(self, path, filters):
        """How many packets each of them finds."""
        lines = self.tshark.lines("tshark", "-q", "-r", path, "-z",
                                  "io,stat,0," + ",".join(filters))
        row = next(line for line in lines if "<>" in line and "Interval" not in
                   line)
        return list(map(int, re.findall(r"\| +(\d+) \| +\d+ ", row)))

    def judge(self, path, kinds=KINDS):
        wanted = {(kind, row["name"], row["filter"]): row["packets"]
                  for kind in kinds for row in self.rows(path, kind)}
        found = dict(zip(wanted, self.counts(
            path, [text for _, _, text in wanted])))
        self.assertEqual(found, wanted, path.name)
        return len(wanted)

    def test_each_sample(self):
        self.assertGreater(sum(map(self.judge, SAMPLES)), 100)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
