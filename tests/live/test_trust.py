# SPDX-License-Identifier: GPL-3.0-or-later
"""What a capture may do once it captures, and whose rights it uses before."""
import contextlib
import os
import re
import resource
import signal
import tempfile
from pathlib import Path

import world
from world import NOBODY, PKTWHO, Capture, run

NET_ADMIN, SYS_PTRACE, DAC_READ_SEARCH, KILL, DAC_OVERRIDE, FOWNER = (
    1 << bit for bit in (12, 19, 2, 5, 1, 3))
SETS = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
SUDO = {"SUDO_UID": "4242", "SUDO_GID": "4243"}


def tasks(pid):
    """What the kernel says of each thread."""
    for status in Path(f"/proc/{pid}/task").glob("*/status"):
        yield dict(line.split(":\t", 1)
                   for line in status.read_text().splitlines())


def files(pid):
    """What it has open, but its standard error."""
    for fd in Path(f"/proc/{pid}/fd").iterdir():
        if fd.name != "2":
            with contextlib.suppress(FileNotFoundError):
                yield os.readlink(fd)


def children(pid):
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in found.split()]


def lookup_of(pid):
    """The process that looks up for this one."""
    found = [child for child in children(pid) if
             Path(f"/proc/{child}/comm").read_text() == "pktwho-lookup\n"]
    assert len(found) == 1, found
    return found[0]


def ssh_of(pid):
    (ssh,) = [child for child in children(pid) if
              Path(f"/proc/{child}/comm").read_text() != "pktwho\n"]
    return ssh


class Trust(world.LiveTest):
    def confined(self, pid, uid, gid):
        """The process that sees packets has nothing."""
        threads = list(tasks(pid))
        for task in threads:
            self.assertEqual(task["Uid"].split(), [str(uid)] * 4)
            self.assertEqual(task["Gid"].split(), [str(gid)] * 4)
            self.assertEqual(task["Groups"].split(), [])
            for name in SETS:
                self.assertEqual(int(task[name], 16), 0, name)
            self.assertEqual(task["NoNewPrivs"], "1")
            self.assertEqual(task["Seccomp"], "2")
        self.assertEqual(len(threads), 1)

    def looks_up(self, pid, uid, most):
        """The one that never sees any has what that takes."""
        has = 0
        for task in tasks(pid):
            self.assertEqual(task["Uid"].split(), [str(uid)] * 4)
            for name in SETS:
                self.assertEqual(int(task[name], 16) & ~most, 0, name)
            for name in ("CapInh", "CapAmb"):
                self.assertEqual(int(task[name], 16), 0, name)
            self.assertEqual(task["NoNewPrivs"], "1")
            self.assertEqual(task["Seccomp"], "2")
            has |= int(task["CapEff"], 16)
        self.assertEqual(has | NET_ADMIN, most | NET_ADMIN)
        # For a moment it reads of a process that somebody has started.
        world.wait_for(lambda: all(
            re.fullmatch("/proc|/|/dev/null|socket:.*", file)
            for file in files(pid)), "end of all that it need not keep")

    def helpers_have(self, pid, uid, most):
        """Those that are ours, but for what looks up."""
        helpers = [child for child in children(pid) if
                   Path(f"/proc/{child}/comm").read_text() == "pktwho\n"]
        self.assertTrue(helpers)
        for helper in helpers:
            world.wait_for(lambda: next(tasks(helper))["Seccomp"] == "2",
                           "sandbox")
            (task,) = tasks(helper)
            self.assertEqual(task["Uid"].split(), [str(uid)] * 4)
            for name in SETS:
                self.assertEqual(int(task[name], 16) & ~most, 0, name)
            self.assertEqual(task["NoNewPrivs"], "1")

    def test_root_is_nobody_while_it_captures(self):
        c = Capture(self.dir / "root.pcapng", "-i", "lo", "--hash")
        world.wait_for_sandbox(c.process)
        self.confined(c.process.pid, NOBODY, NOBODY)
        self.looks_up(lookup_of(c.process.pid), NOBODY,
                      NET_ADMIN | SYS_PTRACE | DAC_READ_SEARCH)
        self.assertEqual(c.stop()[0], 0)

    def test_sudo_is_its_caller(self):
        c = Capture(self.shared("caller") / "sudo.pcapng", "-i", "lo",
                    env=os.environ | SUDO)
        world.wait_for_sandbox(c.process)
        self.confined(c.process.pid, 4242, 4243)
        self.assertEqual(c.stop()[0], 0)

    def test_who_opens_a_rings_files_has_no_more_than_that(self):
        self.dir.chmod(0o755)
        for env, uid, most in (({}, 0, DAC_OVERRIDE), (SUDO, 4242, 0)):
            process = self.start(
                [PKTWHO, "-q", "-i", "lo", "-b", "duration:60", "-w",
                 self.shared("ring", uid=uid) / "ring.pcapng"],
                env=os.environ | env)
            world.wait_for_sandbox(process)
            self.helpers_have(process.pid, uid, most)
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(timeout=world.PATIENCE), 0)

    def test_a_command_of_roots_can_be_ended(self):
        c = Capture(self.dir / "command.pcapng", "-i", "lo", "--", "sleep",
                    "30")
        world.wait_for_sandbox(c.process)
        self.confined(c.process.pid, NOBODY, NOBODY)
        self.looks_up(lookup_of(c.process.pid), NOBODY,
                      NET_ADMIN | SYS_PTRACE | DAC_READ_SEARCH | KILL)
        self.assertEqual(c.stop(signal.SIGTERM)[0], 128 + signal.SIGTERM)

    def test_what_must_not_work_is_refused(self):
        done = self.capture("--log-level", "debug", "-w",
                            self.dir / "try.pcapng")
        self.assertEqual(done.returncode, 0)
        for what in ("execve", "socket", "a packet socket", "open", "ptrace",
                     "bpf", "kill", "a signal"):
            self.assertIn(f"sandbox: {what} is refused\n", done.stderr)

    def test_the_sandbox_can_be_off(self):
        c = Capture(self.dir / "off.pcapng", "-i", "lo", "--sandbox=off")
        world.wait_for(lambda: next(tasks(c.process.pid))["NoNewPrivs"] == "1",
                       "end of privileges")
        (task,) = tasks(c.process.pid)
        self.assertEqual(task["Seccomp"], "0")
        for name in SETS:
            self.assertEqual(int(task[name], 16), 0, name)
        self.assertEqual(c.stop()[0], 0)

    def gone_on(self, what, wrap=()):
        """A capture whose lookup process got that signal, and what it said."""
        server = self.tcp_server()
        c = Capture(self.dir / "gone-on.pcapng", "-i", "lo", "-f",
                    f"tcp port {server.told}", wrap=wrap)
        lookup = lookup_of(c.process.pid)
        os.kill(lookup, what)
        for _ in range(20):
            run("curl", "-gs", f"http://127.0.0.1:{server.told}/")
        world.time.sleep(0.5)
        if what == signal.SIGSTOP:
            self.assertIn("T", next(tasks(lookup))["State"])
        return lookup, c.stop()

    def test_a_capture_outlives_its_lookup_process(self):
        for what, word in ((signal.SIGKILL, "has ended"),
                           (signal.SIGSTOP, "does not answer")):
            lookup, (status, said) = self.gone_on(what)
            self.assertEqual(status, 1, said)
            self.assertEqual(said.count(f"lookup process {word}"), 1, said)
            self.assertIn("lookups had no answer", said)
            # Events tell the kernel's word for each end, all the same.
            names = self.rows(
                self.dir / "gone-on.pcapng", "proc.src.name",
                where="tcp.flags.syn == 1 && tcp.flags.ack == 0")
            self.assertEqual(names, [("curl",)] * 20)
            world.wait_for(lambda: not Path(f"/proc/{lookup}").exists(),
                           "end of the lookup process")

    def test_nobody_needs_room_for_no_more_processes(self):
        done = self.capture("-w", self.dir / "nproc.pcapng",
                            preexec_fn=lambda: resource.setrlimit(
                                resource.RLIMIT_NPROC, (1, 1)))
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_without_ebpf_it_outlives_it_too(self):
        _, (status, said) = self.gone_on(signal.SIGSTOP, world.WITHOUT_EBPF)
        self.assertEqual(status, 1, said)
        self.assertEqual(said.count("lookup process"), 1, said)
        self.assertTrue(b" lookups_unanswered=" in
                        (self.dir / "gone-on.pcapng").read_bytes())

    def test_who_is_killed_leaves_no_lookup_process(self):
        for stop in (False, True):
            c = Capture(self.dir / "killed.pcapng", "-i", "lo")
            lookup = lookup_of(c.process.pid)
            if stop:
                os.kill(lookup, signal.SIGSTOP)
            c.process.kill()
            c.process.wait()
            world.wait_for(lambda: not Path(f"/proc/{lookup}").exists(),
                           "end of the lookup process")

    def test_who_is_killed_leaves_nobody_who_opens_files(self):
        """That the caller of sudo may stop; root's only root may."""
        self.dir.chmod(0o755)
        capture = self.start([PKTWHO, "-q", "-i", "lo", "-b", "duration:60",
                              "-w", self.shared("ring") / "ring.pcapng"],
                             env=os.environ | SUDO)
        world.wait_for_sandbox(capture)
        children = Path(f"/proc/{capture.pid}/task/{capture.pid}/children")
        helpers = [int(pid) for pid in children.read_text().split()]
        self.assertEqual(len(helpers), 2)
        for helper in helpers:
            os.kill(helper, signal.SIGSTOP)
        capture.kill()
        capture.wait()
        for helper in helpers:
            world.wait_for(lambda: not Path(f"/proc/{helper}").exists(),
                           "end of a helper")

    def test_a_ring_outlives_who_opens_its_files(self):
        """Whoever called sudo may stop it: said once, counted, and over."""
        self.dir.chmod(0o755)
        ns = self.namespace()
        ring = self.shared("stopped")
        process = self.start(
            ns.argv(PKTWHO, "-i", "lo", "-b", "packets:4", "-w",
                    ring / "ring.pcapng"), env=os.environ | SUDO,
            stderr=world.subprocess.PIPE)
        world.wait_for(lambda: os.listdir(ring), "capture")
        world.wait_for_sandbox(process)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        (opener,) = {int(pid) for pid in children.read_text().split()} - {
            lookup_of(process.pid)}
        os.kill(opener, signal.SIGSTOP)
        ns.run("ping", "-q", "-c", "3", "-i", "0.01", "127.0.0.1")
        said = world.hear(process, "until it does packets are dropped and "
                          "counted\n")
        ns.run("ping", "-q", "-c", "9", "-i", "0.01", "127.0.0.1")
        world.time.sleep(0.5)
        os.kill(opener, signal.SIGCONT)
        world.time.sleep(0.5)
        ns.run("ping", "-q", "-c", "3", "-i", "0.01", "127.0.0.1")
        said = world.hear(process, "is written again\n", said)
        os.kill(opener, signal.SIGSTOP)
        process.send_signal(signal.SIGINT)
        said += process.communicate(timeout=10)[1]
        self.assertEqual(process.returncode, 1, said)
        self.assertEqual(said.count("does not answer; until"), 1, said)
        self.assertRegex(said, "[1-9][0-9]* packets had no room in .*: the "
                         "process that opens its files does not answer\n")
        self.assertEqual(sum(world.counted(said)), 2 * (3 + 9 + 3))

    def test_the_doctor_tells(self):
        self.assertRegex(run(PKTWHO, "doctor").stdout,
                         "\nok    sandbox: captures as uid 65534 without any "
                         "capability; .*cap_sys_ptrace.* seccomp, "
                         "Landlock\n")

    def test_the_doctor_asks_tshark_as_the_caller(self):
        """Whose PATH may be kept by sudo."""
        programs, said = self.shared("path", 0o755), self.shared("said")
        tshark = programs / "tshark"
        tshark.write_text(f"#!/bin/sh\ncat /proc/$$/status >{said}/$$\n")
        tshark.chmod(0o755)
        self.dir.chmod(0o755)
        run(PKTWHO, "doctor", env=os.environ | SUDO |
            {"PATH": f"{programs}:{os.environ['PATH']}"})
        asked = list(said.iterdir())
        self.assertTrue(asked)
        for path in asked:
            text = path.read_text()
            self.assertRegex(text, r"\nUid:(\t4242){4}\n")
            self.assertRegex(text, r"\nCapEff:\t0+\n")

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
        return run(PKTWHO, "-q", "--force", "-i", "lo", "-a", "duration:0.2",
                   *argv, **options)

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

    def test_no_way_of_anothers_is_followed(self):
        """Nor a link on the way, nor another name of a file of ours."""
        secret, shared = self.secret(), self.shared("way", 0o755)
        (shared / "dir").symlink_to(self.dir)
        os.lchown(shared / "dir", 4242, 4242)
        os.link(secret, shared / "other.pcapng")
        for path in (shared / "dir/secret", shared / "other.pcapng"):
            for argv in (("-w", path), ("-w", "/dev/null", "--stats", path)):
                done = self.capture(*argv)
                self.assertEqual(done.returncode, 1)
                self.assertIn(f"cannot write {path}: Too many", done.stderr)
                self.assert_untouched(secret)
        ring = self.capture("-b", "packets:1", "-w", shared / "dir/ring")
        self.assertEqual(ring.returncode, 1)
        self.assertIn("Too many levels", ring.stderr)
        done = run(PKTWHO, "log", "-i", "lo", "--metrics",
                   shared / "dir/metrics")
        self.assertEqual(done.returncode, 1)
        self.assertIn("Too many levels", done.stderr)
        self.assertEqual(list(self.dir.glob("ring*")), [])

    def test_wiresharks_toolbar_is_its_callers(self):
        secret = self.secret()
        done = run(PKTWHO, "--capture", "--extcap-interface", "pktwho:lo",
                   "--fifo", self.dir / "no-fifo", "--extcap-control-in",
                   "/dev/null", "--extcap-control-out", secret,
                   env=os.environ | SUDO)
        self.assertEqual(done.returncode, 1)
        self.assertIn("toolbar: Permission denied", done.stderr)
        self.assert_untouched(secret)

    def test_what_the_caller_may_not_see_is_not_told(self):
        hidden = self.shared("hidden", 0o700, 0)
        (hidden / "there.pcapng").write_text("root only")
        for name in ("there", "nothing"):
            done = run(PKTWHO, "-i", "lo", "-c", "1", "-w",
                       hidden / f"{name}.pcapng", env=os.environ | SUDO)
            self.assertIn("Permission denied", done.stderr)
            done = run(PKTWHO, "-D", "--netns", hidden / f"{name}.pcapng",
                       env=os.environ | SUDO)
            self.assertIn("there is no network namespace", done.stderr)
            done = self.capture("--exe", hidden / f"{name}.pcapng", "-w",
                                "/dev/null", env=os.environ | SUDO)
            self.assertNotIn("there is no executable", done.stderr)

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
            process.communicate(timeout=world.PATIENCE)
            self.assert_untouched(path)
            path.unlink()

    def remote(self, program, setup=(), env=None):
        """What ssh knew of itself, and what the kernel said of us then."""
        said = self.shared("ssh") / "said"
        ssh = said.parent / "ssh"
        ssh.write_text(f"#!/bin/sh\n{{ id -u; id -g; echo $HOME; "
                       "grep CapPrm /proc/$$/status; echo ,$LD_TRUST; "
                       f"}} >{said}.new; mv {said}.new {said}; "
                       "exec sleep 100\n")
        ssh.chmod(0o755)
        path = f"{ssh.parent}:{os.environ['PATH']}"
        process = self.start(
            [*setup, program, "--remote", "server", "-w",
             said.parent / "remote.pcapng"],
            env=os.environ | {"PATH": path} | (env or {}))
        self.remote_process = process
        world.wait_for(said.exists, "ssh")
        world.wait_for(lambda: next(tasks(process.pid))["Seccomp"] == "2",
                       "sandbox")
        return said.read_text().splitlines(), next(tasks(process.pid))

    def test_remote_under_sudo_is_its_caller(self):
        (uid, gid, _, caps, kept), _ = self.remote(
            PKTWHO, env=SUDO | {"PKTWHO_KEPT_LD_TRUST": "evil"})
        self.assertEqual((uid, gid, kept), ("4242", "4243", ","))
        self.assertEqual(int(caps.split()[1], 16), 0)
        self.confined(self.remote_process.pid, 4242, 4243)
        self.helpers_have(self.remote_process.pid, 4242, 0)

    def test_remote_of_roots_restores_no_variable(self):
        said, _ = self.remote(PKTWHO, env={"PKTWHO_KEPT_LD_TRUST": "evil"})
        self.assertEqual((said[0], said[4]), ("0", ","))

    def test_a_stopped_ssh_is_ended(self):
        self.remote(PKTWHO, env=SUDO)
        process = self.remote_process
        ssh = ssh_of(process.pid)
        os.kill(ssh, signal.SIGSTOP)
        process.send_signal(signal.SIGINT)
        process.wait(timeout=20)

    def test_an_ssh_that_cannot_be_told_is_left(self):
        """Whoever called sudo may end or stop what signals it."""
        for what in (signal.SIGKILL, signal.SIGSTOP):
            self.remote(PKTWHO, env=SUDO)
            process = self.remote_process
            ssh = ssh_of(process.pid)
            (signaller,) = [child for child in children(process.pid) if
                            os.readlink(f"/proc/{child}/fd/0")
                            .startswith("socket:")]
            os.kill(signaller, what)
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(timeout=20), 0)
            os.kill(ssh, signal.SIGKILL)
            world.wait_for(lambda: not Path(f"/proc/{signaller}").exists(),
                           "end of the signaller")

    def test_an_ssh_that_goes_on_talking_is_ended(self):
        ssh = self.shared("talks") / "ssh"
        ssh.write_text("#!/bin/sh\ntrap '' TERM\n"
                       "while echo no; do sleep 0.01; done >&2\n")
        ssh.chmod(0o755)
        process = self.start(
            [PKTWHO, "--remote", "server", "-w", self.dir / "no.pcapng"],
            env=os.environ | {"PATH": f"{ssh.parent}:{os.environ['PATH']}"},
            stderr=world.subprocess.PIPE)
        self.addCleanup(process.stderr.close)
        for _ in range(3):
            world.hear(process, "server: no")
            process.send_signal(signal.SIGINT)
            world.time.sleep(0.3)
        process.communicate(timeout=world.PATIENCE)
        self.assertEqual(process.returncode, 0)

    def test_remote_of_roots_is_read_by_nobody(self):
        self.remote(PKTWHO)
        self.confined(self.remote_process.pid, NOBODY, NOBODY)
        self.helpers_have(self.remote_process.pid, 0, DAC_OVERRIDE | FOWNER)
        self.remote_process.send_signal(signal.SIGINT)
        self.remote_process.wait(timeout=20)

    def test_what_searches_files_is_confined(self):
        shared = self.shared("search", 0o755)
        path, new = shared / "large.pcapng", shared / "new.pcapng"
        path.write_bytes((world.SAMPLES / "prefork.pcapng").read_bytes() * 200)
        for argv in (["cut", "-w", "-"], ["strip", "-w", "-"],
                     ["find", "--proc", "nginx"]):
            for env, uid, gid in (({}, NOBODY, NOBODY), (SUDO, 4242, 4243)):
                process = self.start([PKTWHO, *argv, path],
                                     env=os.environ | env,
                                     stdout=world.subprocess.PIPE)
                world.wait_for(lambda: next(tasks(process.pid))["Seccomp"] ==
                               "2", "sandbox")
                self.confined(process.pid, uid, gid)
                process.stdout.close()
                process.wait(timeout=world.PATIENCE)
        for env, uid in (({}, 0), (SUDO, 4242)):
            done = run(PKTWHO, "strip", "-w", new, path, env=os.environ | env)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(new.stat().st_uid, uid)
            self.assertGreater(new.stat().st_size, 100)
            new.unlink()

    def test_nothing_found_leaves_what_was_there(self):
        old = self.dir / "old.pcapng"
        old.write_text("old")
        done = run(PKTWHO, "cut", "--force", "--proc", "nobody-has-this",
                   "-w", old, world.SAMPLES / "prefork.pcapng")
        self.assertEqual(done.returncode, 1)
        self.assertIn("nothing was found", done.stderr)
        self.assertEqual(old.read_text(), "old")

    def test_remote_of_the_groups_copy_has_no_privilege(self):
        world.need("setcap")
        copy = self.shared("copy", 0o755, 0)
        done = world.install_for_group(copy)
        self.assertEqual(done.returncode, 0, done.stderr)
        member = ["setpriv", "--reuid=4242", "--regid=4243",
                  f"--groups={world.GID}"]
        said, task = self.remote(copy / "pktwho", member)
        self.assertEqual(said[0], "4242")
        for name in SETS:
            self.assertEqual(int(task[name], 16), 0, name)
        self.assertEqual(task["NoNewPrivs"], "1")


    def assert_tame(self, said):
        """No control character, of C0, C1 or in UTF-8, but line ends."""
        self.assertNotRegex(said.decode("latin-1"),
                            "[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|"
                            "(?<![\xc2-\xf4\x80-\xbf])[\x80-\x9f]")

    def test_nothing_said_commands_the_terminal(self):
        wild = b"\x1b]0;owned\x07 \xc2\x9b31m \x9b2J \xe2\x80\xae"
        wants = {"stderr": world.subprocess.PIPE, "timeout": world.PATIENCE}
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
        path = os.fsencode(self.dir) + b"/" + wild
        world.shutil.copy(world.SAMPLES / "prefork.pcapng", path)
        done = world.subprocess.run([PKTWHO, "find", "--proc", "curl", path],
                                    stdout=world.subprocess.PIPE,
                                    timeout=world.PATIENCE)
        self.assertIn(b"?]0;owned? ??31m ?2J ???  20", done.stdout)
        self.assert_tame(done.stdout)

    def test_no_interface_commands_the_terminal(self):
        ns = self.namespace()
        ns.ip("link", "add", b"e\x1b[31m\xc2\x9b2J", "type", "bridge")
        ns.ip("link", "set", b"e\x1b[31m\xc2\x9b2J", "up")
        for option, shown in (("-D", True), ("--extcap-interfaces", False)):
            done = world.subprocess.run(ns.argv(PKTWHO, option),
                                        capture_output=True,
                                        timeout=world.PATIENCE)
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
