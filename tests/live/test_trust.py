# SPDX-License-Identifier: GPL-3.0-or-later
"""What a capture may do once it captures, and whose rights it uses before."""
import os
import signal
import tempfile
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
        c = Capture(self.shared("caller") / "sudo.pcapng", "-i", "lo",
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

    def shared(self, name, mode=0o777, uid=4242):
        directory = Path(tempfile.mkdtemp(prefix=name, dir=self.dir))
        directory.chmod(mode)
        os.chown(directory, uid, uid)
        return directory

    def secret(self):
        path = self.dir / "secret"
        path.write_text("root only\n")
        path.chmod(0o600)
        return path

    def capture(self, *argv, **options):
        return run(PKTWHO, "-q", "-i", "lo", "-a", "duration:0.2", *argv,
                   **options)

    def assert_untouched(self, path):
        self.assertEqual(path.read_text(), "root only\n")
        self.assertEqual(path.stat().st_uid, 0)

    def test_no_link_of_anothers_is_followed(self):
        secret, shared = self.secret(), self.shared("others", 0o755)
        link = shared / "link.pcapng"
        link.symlink_to(secret)
        for env in ({}, SUDO):
            done = self.capture("-w", link, env=os.environ | env)
            self.assertEqual(done.returncode, 1)
            self.assertIn(f"cannot write {link}", done.stderr)
            self.assert_untouched(secret)

    def test_a_link_of_ones_own_is_followed(self):
        target = self.dir / "target.pcapng"
        target.write_text("old")
        link = self.dir / "own.pcapng"
        link.symlink_to(target)
        self.dir.chmod(0o755)
        done = self.capture("-w", link)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertGreater(target.stat().st_size, 100)

    def test_sudo_writes_what_its_caller_may(self):
        secret, shared = self.secret(), self.shared("sudo", 0o755)
        done = self.capture("-w", secret, env=os.environ | SUDO)
        self.assertEqual(done.returncode, 1)
        self.assertIn("Permission denied", done.stderr)
        self.assert_untouched(secret)
        path = shared / "new.pcapng"
        done = self.capture("-w", path, env=os.environ | SUDO)
        self.assertEqual(done.returncode, 0, done.stderr)
        status = path.stat()
        self.assertEqual((status.st_uid, status.st_gid), (4242, 4243))
        self.assertGreater(status.st_size, 100)

    def test_a_file_that_was_there_is_its_owners_alone(self):
        path = self.dir / "there.pcapng"
        path.write_text("old")
        path.chmod(0o644)
        self.assertEqual(self.capture("-w", path).returncode, 0)
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)

    def test_a_temporary_file_is_not_opened_by_name_again(self):
        """Whoever may write into TMPDIR puts a file of theirs there."""
        shared = self.shared("tmp")
        for env in ({}, SUDO):
            process = self.start(
                [PKTWHO, "-q", "-i", "lo", "-a", "duration:0.5"],
                env=os.environ | env | {"TMPDIR": str(shared)},
                stderr=world.subprocess.PIPE)
            world.wait_for(lambda: os.listdir(shared), "temporary file")
            path = shared / os.listdir(shared)[0]
            path.unlink()
            path.write_text("root only\n")
            process.communicate(timeout=10)
            self.assert_untouched(path)
            path.unlink()

    def remote(self, program, setup=(), env=None):
        """What ssh knew of itself, and what the kernel said of us then."""
        said = self.shared("ssh") / "said"
        ssh = said.parent / "ssh"
        ssh.write_text(f"#!/bin/sh\n{{ id -u; id -g; echo $HOME; "
                       "grep CapPrm /proc/$$/status; echo ,$LD_TRUST; "
                       f"}} >{said}.new; mv {said}.new {said}; "
                       "exec sleep 10\n")
        ssh.chmod(0o755)
        path = f"{ssh.parent}:{os.environ['PATH']}"
        process = self.start(
            [*setup, program, "--remote", "server", "-w",
             said.parent / "remote.pcapng"],
            env=os.environ | {"PATH": path} | (env or {}))
        world.wait_for(said.exists, "ssh")
        world.wait_for(lambda: next(tasks(process.pid))["Seccomp"] == "2",
                       "sandbox")
        return said.read_text().splitlines(), next(tasks(process.pid))

    def test_remote_under_sudo_is_its_caller(self):
        (uid, gid, _, caps, kept), task = self.remote(
            PKTWHO, env=SUDO | {"PKTWHO_KEPT_LD_TRUST": "evil"})
        self.assertEqual((uid, gid, kept), ("4242", "4243", ","))
        self.assertEqual(int(caps.split()[1], 16), 0)
        self.assertEqual(task["Uid"].split(), ["4242"] * 4)
        self.assertEqual(int(task["CapPrm"], 16), 0)
        self.assertEqual(task["NoNewPrivs"], "1")

    def test_remote_of_roots_restores_no_variable(self):
        said, _ = self.remote(PKTWHO, env={"PKTWHO_KEPT_LD_TRUST": "evil"})
        self.assertEqual((said[0], said[4]), ("0", ","))

    def test_remote_of_the_groups_copy_has_no_privilege(self):
        world.need("setcap")
        copy = self.shared("copy", 0o755, 0)
        done = world.install_for_group(copy)
        self.assertEqual(done.returncode, 0, done.stderr)
        member = ["setpriv", "--reuid=4242", "--regid=4243",
                  f"--groups={world.GID}"]
        said, task = self.remote(copy / "pktwho", member)
        self.assertEqual(said[0], "4242")
        self.assertEqual(int(task["CapPrm"], 16), 0)
        self.assertEqual(task["NoNewPrivs"], "1")


    def assert_tame(self, said):
        """No control character, of C0, C1 or in UTF-8, but line ends."""
        self.assertNotRegex(said.decode("latin-1"),
                            "[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|"
                            "(?<![\xc2-\xf4\x80-\xbf])[\x80-\x9f]")

    def test_nothing_said_commands_the_terminal(self):
        wild = b"\x1b]0;owned\x07 \xc2\x9b31m \x9b2J \xe2\x80\xae"
        wants = {"stderr": world.subprocess.PIPE, "timeout": 20}
        done = world.subprocess.run(
            [PKTWHO, "-i", "lo", "-w", b"/nonexistent/" + wild], **wants)
        self.assertIn(b"/nonexistent/?]0;owned? ??31m ?2J ???", done.stderr)
        ssh = self.shared("ssh") / "ssh"
        (ssh.parent / "words").write_bytes(wild)
        ssh.write_text(f"#!/bin/sh\ncat {ssh.parent}/words >&2; exit 1\n")
        ssh.chmod(0o755)
        done = world.subprocess.run(
            [PKTWHO, "--remote", "server", "-w", self.dir / "wild.pcapng"],
            env=os.environ | {"PATH": f"{ssh.parent}:{os.environ['PATH']}"},
            **wants)
        self.assertIn(b"owned", done.stderr)
        self.assert_tame(done.stderr)

    def test_no_interface_commands_the_terminal(self):
        ns = self.namespace()
        ns.ip("link", "add", b"e\x1b[31m\xc2\x9b2J", "type", "bridge")
        ns.ip("link", "set", b"e\x1b[31m\xc2\x9b2J", "up")
        for option, shown in (("-D", True), ("--extcap-interfaces", False)):
            done = world.subprocess.run(ns.argv(PKTWHO, option),
                                        capture_output=True, timeout=20)
            self.assertEqual(b"e?[31m??2J" in done.stdout, shown)
            self.assertIn(b"lo", done.stdout)
            self.assert_tame(done.stdout)


    def test_a_group_captures_only_once_asked_for(self):
        world.need("cmake", "setcap", "getcap")
        prefix = self.shared("prefix", 0o755, 0)
        copy = prefix / "libexec/pktwho/pktwho"
        install = ["cmake", f"-DCMAKE_INSTALL_PREFIX={prefix}", "-P",
                   PKTWHO.parent / "cmake_install.cmake"]
        done = run(*install)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(f"sudo {copy.parent}/setup-group",
                      done.stdout + done.stderr)
        self.assertEqual((copy.stat().st_gid, run("getcap", copy).stdout),
                         (0, ""))
        run(copy.parent / "setup-group", world.GROUP, check=True)
        done = run(*install)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(copy.stat().st_gid, world.GID)
        self.assertEqual(copy.stat().st_mode & 0o777, 0o750)
        self.assertIn("cap_net_raw", run("getcap", copy).stdout)


if __name__ == "__main__":
    world.main()
