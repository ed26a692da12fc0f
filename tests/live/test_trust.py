# SPDX-License-Identifier: GPL-3.0-or-later
"""What a capture may do once it captures, and whose rights it uses before."""
import os
import signal
from pathlib import Path

import world
from world import NOBODY, PKTWHO, Capture, run

CAPABILITIES = {"net_admin": 12, "sys_ptrace": 19, "dac_read_search": 2}
KEPT = sum(1 << bit for bit in CAPABILITIES.values())
KILL = 1 << 5
SUDO = {"SUDO_UID": "4242", "SUDO_GID": "4243"}


def tasks(pid):
    """What the kernel says of each thread."""
    for status in Path(f"/proc/{pid}/task").glob("*/status"):
        yield dict(line.split(":\t", 1)
                   for line in status.read_text().splitlines())


class Trust(world.LiveTest):
    def confined(self, pid, uid, gid, capabilities=KEPT):
        threads = list(tasks(pid))
        for task in threads:
            self.assertEqual(task["Uid"].split(), [str(uid)] * 4)
            self.assertEqual(task["Gid"].split(), [str(gid)] * 4)
            self.assertEqual(task["Groups"].split(), [])
            for name in ("CapPrm", "CapEff"):
                self.assertEqual(int(task[name], 16), capabilities, name)
            for name in ("CapInh", "CapAmb"):
                self.assertEqual(int(task[name], 16), 0, name)
            self.assertEqual(int(task["CapBnd"], 16) & ~capabilities, 0)
            self.assertEqual(task["NoNewPrivs"], "1")
            self.assertEqual(task["Seccomp"], "2")
        return len(threads)

    def test_root_is_nobody_while_it_captures(self):
        c = Capture(self.dir / "root.pcapng", "-i", "lo", "--hash")
        world.time.sleep(0.3)
        self.assertEqual(self.confined(c.process.pid, NOBODY, NOBODY), 2)
        self.assertEqual(c.stop()[0], 0)

    def test_sudo_is_its_caller(self):
        c = Capture(self.dir / "sudo.pcapng", "-i", "lo",
                    env=os.environ | SUDO)
        world.time.sleep(0.3)
        self.confined(c.process.pid, 4242, 4243)
        self.assertEqual(c.stop()[0], 0)

    def test_a_command_of_roots_can_be_ended(self):
        c = Capture(self.dir / "command.pcapng", "-i", "lo", "--", "sleep",
                    "30")
        world.time.sleep(0.3)
        self.confined(c.process.pid, NOBODY, NOBODY, KEPT | KILL)
        self.assertEqual(c.stop(signal.SIGTERM)[0], 128 + signal.SIGTERM)

    def test_the_doctor_tells(self):
        self.assertRegex(run(PKTWHO, "doctor").stdout,
                         "\nok    sandbox: captures as uid 65534, .*"
                         "cap_sys_ptrace.* system calls filtered\n")


if __name__ == "__main__":
    world.main()
