# SPDX-License-Identifier: GPL-3.0-or-later
"""What Wireshark sees of us: interfaces, a dialog, a live capture, a toolbar.

Runs in a mount namespace of its own, where share/setup-group may give a copy
of pktwho to a group without a trace on the machine.
"""
import json
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

if "PKTWHO_UNSHARED" not in os.environ and os.geteuid() == 0:
    os.execvpe("unshare", ["unshare", "--mount", sys.executable, *sys.argv],
               os.environ | {"PKTWHO_UNSHARED": "1"})

import world  # noqa: E402
from world import (GID, GROUP, NOBODY, PKTWHO, cgroup_root,  # noqa: E402
                   clients, has_begun, need, remove_cgroup, run, wait_for)

# Found by way of world.
import pcapng  # noqa: E402, isort: skip

LIBEXEC = Path(os.environ.get("PKTWHO_LIBEXECDIR",
                              "/usr/local/libexec/pktwho"))


def sentences(text, kind):
    """Each "kind {a=1}{b=2}" of an answer as a dictionary."""
    return [dict(part.split("=", 1) for part in
                 line.split(" ", 1)[1].strip("{}").split("}{"))
            for line in text.splitlines() if line.startswith(kind + " ")]


def ask(*argv):
    done = run(PKTWHO, *argv)
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout


class Questions(world.LiveTest):
    def test_interfaces(self):
        ns = self.namespace()
        ns.ip("addr", "add", "192.0.2.7/32", "dev", "lo")
        out = ns.run(PKTWHO, "--extcap-interfaces",
                     "--extcap-version=4.0").stdout
        self.assertRegex(out, r"^extcap \{version=\d")
        shown = {i["value"]: i["display"]
                 for i in sentences(out, "interface")}
        self.assertEqual(set(shown), {"pktwho:any", "pktwho:lo", "pktwho_ssh"})
        # The title of a window is made of it: no addresses.
        self.assertEqual(shown["pktwho:lo"], "Process capture: lo")
        self.assertEqual([c["type"] for c in sentences(out, "control")],
                         ["string", "button"])

    def test_link_types(self):
        for interface, number in (("pktwho:lo", "1"), ("pktwho:any", "276"),
                                  ("pktwho_ssh", "276")):
            (dlt,) = sentences(ask("--extcap-dlts", "--extcap-interface",
                                   interface), "dlt")
            self.assertEqual(dlt["number"], number)

    def test_dialog(self):
        for interface in ("pktwho:lo", "pktwho_ssh"):
            out = ask("--extcap-config", "--extcap-interface", interface)
            calls = [a["call"] for a in sentences(out, "arg")]
            self.assertEqual(len(calls), len(set(calls)))
            self.assertLessEqual({"--proc", "--user", "--container",
                                  "--comments", "--cmdline",
                                  "--snapshot-length", "--log-level",
                                  "--unit", "--hash", "--buffer-size",
                                  "--netns"},
                                 set(calls))
            self.assertEqual("--remote" in calls, interface == "pktwho_ssh")
            self.assertEqual("--geo" in calls, interface != "pktwho_ssh")

    def test_what_is_running(self):
        program = self.dir / "a,b[c]"
        program.symlink_to(shutil.which("sleep"))
        process = self.start([program, "60"])
        wait_for(lambda: program.name in Path(
            f"/proc/{process.pid}/comm").read_text(), "sleep")
        for option, value in (("proc", "a?b\\[c]"),
                              ("--pid", str(process.pid)),
                              ("user", "root")):
            out = ask("--extcap-config", "--extcap-interface", "pktwho:lo",
                      "--extcap-reload-option", option)
            self.assertEqual(sentences(out, "arg"), [])
            values = [v["value"] for v in sentences(out, "value")]
            self.assertEqual(values.count(value), 1, option)

    def runs_in(self, cgroup):
        """A process of a new control group."""
        path = cgroup_root() / cgroup
        path.mkdir()
        self.addCleanup(remove_cgroup, path)
        process = self.start(["sleep", "60"])
        (path / "cgroup.procs").write_text(str(process.pid))

    def test_units_and_pods(self):
        """In a list if one can type into it, as from Wireshark 4.4 on."""
        container = "5ca1ab1e" * 8
        world.run("mkdir", "-p", "/run/containerd", check=True)
        world.run("mount", "-t", "tmpfs", "none", "/run/containerd", check=True)
        self.addCleanup(world.run, "umount", "/run/containerd")
        bundle = Path("/run/containerd/io.containerd.runtime.v2.task/k8s.io",
                      container)
        bundle.mkdir(parents=True)
        (bundle / "config.json").write_text(json.dumps({"annotations": {
            "io.kubernetes.cri.container-name": "shop",
            "io.kubernetes.cri.sandbox-name": "shop-7d4b9",
            "io.kubernetes.cri.sandbox-namespace": "fruit"}}))
        unit = f"shop@{os.getpid()}.service"
        self.runs_in(unit)
        self.runs_in(f"cri-containerd-{container}.scope")
        config = ("--extcap-config", "--extcap-interface", "pktwho:lo")
        types = {a["call"]: a["type"] for a in sentences(ask(*config), "arg")}
        for option, value in (("--unit", unit),
                              ("--pod", "fruit/shop-7d4b9")):
            values = [v["value"] for v in sentences(ask(
                *config, "--extcap-reload-option", option), "value")]
            if types["--proc"] == "selector":
                self.assertEqual((types[option], values), ("string", []))
            else:
                self.assertEqual(types[option], "editselector")
                self.assertEqual(values.count(value), 1, values)

    def test_capture_filter(self):
        def check(text):
            return ask("--extcap-interface", "pktwho:lo",
                       "--extcap-capture-filter", text)

        self.assertEqual(check("tcp port 80"), "")
        self.assertIn("syntax error", check("tcp prot 80"))

    def test_an_interface_that_is_not_ours(self):
        for call in (["--capture", "--fifo", "/dev/null"], ["--extcap-dlts"],
                     ["--extcap-config"], ["--extcap-capture-filter", "tcp"]):
            done = run(PKTWHO, *call, "--extcap-interface", "eth0")
            self.assertEqual((done.returncode, done.stdout), (1, ""), call)
            self.assertIn('no interface "eth0"', done.stderr)

    def test_a_remote_one_without_a_host(self):
        done = run(PKTWHO, "--capture", "--extcap-interface", "pktwho_ssh",
                   "--fifo", self.dir / "fifo", "--remote", "")
        self.assertEqual(done.returncode, 1)
        self.assertIn("no host is given: set it in the options of the "
                      "interface ", done.stderr)


class Live(world.LiveTest):
    """tshark captures through us, as people do who are not root."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        need("setcap", "unshare")
        cls.top = LIBEXEC
        while not cls.top.exists():
            cls.top = cls.top.parent
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", cls.top], check=True)
        LIBEXEC.mkdir(parents=True, exist_ok=True)
        done = world.install_for_group(LIBEXEC)
        if done.returncode:
            world.skip(f"no file capabilities here: {done.stderr.strip()}")
        cls.extcap = cls.dir / "extcap"
        cls.extcap.mkdir()
        shutil.copy(PKTWHO, cls.extcap)
        cls.tshark.open_up()

    @classmethod
    def tearDownClass(cls):
        subprocess.run(["umount", "-l", cls.top], check=False)

    def tshark_live(self, ns, *argv, groups=f"--groups={GID}"):
        env = {"PATH": os.environ["PATH"], "HOME": str(self.dir / "home"),
               "WIRESHARK_PLUGIN_DIR": str(self.dir / "plugins"),
               "WIRESHARK_EXTCAP_DIR": str(self.extcap), "TZ": "UTC",
               "LC_ALL": "C.UTF-8"}
        # `ip netns exec` would hide the control groups, which only root can
        # mount again.
        return subprocess.Popen(
            ["nsenter", f"--net=/run/netns/{ns.name}", "setpriv",
             f"--reuid={NOBODY}", f"--regid={NOBODY}", groups, "tshark",
             *argv],
            env=env, cwd=self.dir, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)

    def test_list(self):
        ns = self.namespace()
        out, said = self.tshark_live(
            ns, "-D", groups="--clear-groups").communicate(timeout=120)
        self.assertIn("pktwho:lo (Process capture: lo)", out)
        self.assertNotIn("sentence", said)      # what it cannot parse

    def test_a_member_of_the_group(self):
        ns = self.namespace()
        server = self.tcp_server(within=ns)
        process = self.tshark_live(
            ns, "-i", "pktwho:lo", "-f", "tcp", "-Y", 'proc.name == "curl"',
            "-c", "10", "-T", "fields", "-e", "proc.src.name", "-e",
            "proc.src.pid", "-e", "proc.dst.name", "-e", "proc.dst.pid",
            "-e", "tcp.dstport", "-e", "proc.user")
        self.addCleanup(process.kill)
        curls = self.start(ns.argv("sh", "-c", "while :; do " + clients(
            1, f"http://127.0.0.1:{server.told}/") + "; sleep 0.1; done"),
            stdout=subprocess.PIPE)
        self.addCleanup(curls.stdout.close)
        out, said = process.communicate(timeout=120)
        curls.kill()
        pids = curls.stdout.read().split()
        rows = [line.split("\t") for line in out.splitlines()]
        self.assertEqual(len(rows), 10, said)
        named = 0
        for source, spid, target, dpid, port, user in rows:
            to_server = port == server.told
            ends = (source, spid), (target, dpid)
            client, served = ends if to_server else ends[::-1]
            self.assertEqual(client[0], "curl")
            self.assertIn(client[1], pids)
            # A busy machine may let it read one too late.
            if served != ("", ""):
                self.assertEqual(served, ("python3", str(server.pid)))
                self.assertEqual(user, "root,root")
                named += 1
        self.assertGreater(named, 0, rows)

    def test_rights_of_the_privileged_copy(self):
        """Gone when they have served, and no help to read others' files."""
        member = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}",
                  f"--groups={GID}", LIBEXEC / "pktwho", "-i", "lo"]
        capture = self.start([*member, "-w", "/dev/null"],
                             stderr=subprocess.PIPE)
        self.addCleanup(capture.stderr.close)

        status = Path(f"/proc/{capture.pid}/status")
        world.wait_for_sandbox(capture)
        for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            self.assertRegex(status.read_text(), rf"{name}:\s*0+\n")
        capture.send_signal(signal.SIGINT)
        self.assertEqual(capture.wait(world.PATIENCE), 0)

        secret = self.dir / "secret.mmdb"
        shutil.copy(world.TESTS / "data/geo/GeoLite2-Country-Test.mmdb",
                    secret)
        for mode, status, said in (
                (0o600, 1, f"cannot use {secret}: Permission denied"),
                (0o644, 0, " packets, ")):
            secret.chmod(mode)
            done = run(*member, "-w", "/dev/null", "-a", "duration:0.1",
                       "--geo", secret)
            self.assertEqual(done.returncode, status, done.stderr)
            self.assertIn(said, done.stderr)
        closed = self.dir / "closed"
        closed.mkdir(mode=0o700)
        captured = closed / "roots.pcapng"
        shutil.copy(world.SAMPLES / "two-services.pcapng", captured)
        for argv in (("find", "--proc", "curl"), ("strip", "-w", "/dev/null")):
            done = run(*member[:5], *argv, captured)
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertIn("Permission denied", done.stderr)
        done = run(*member, "-w", captured)
        self.assertIn(f"cannot write {captured}: Permission", done.stderr)
        # By sys_ptrace another's working directory would be open to it.
        (closed / "work").mkdir(mode=0o777)
        os.link(captured, closed / "work/open.pcapng")
        captured.chmod(0o644)
        other = self.start(["sleep", "100"], cwd=closed / "work")
        way = f"/proc/{other.pid}/cwd/open.pcapng"
        for argv in (("find", "--proc", "curl"), ("strip", "-w", "/dev/null")):
            done = run(*member[:5], *argv, way)
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertIn(f"cannot read {way}: Permission", done.stderr)
        way = f"/proc/{other.pid}/cwd/new.pcapng"
        done = run(*member, "-a", "duration:0.1", "-w", way)
        self.assertIn(f"cannot write {way}: Permission", done.stderr)
        (closed / "program").write_text("#!/bin/sh\n")
        (closed / "program").chmod(0o755)
        done = run(*member, "-w", "/dev/null", "--", closed / "program")
        self.assertEqual(done.returncode, 126, done.stderr)

    def test_a_command_has_its_environment(self):
        """Which ld.so takes from a program with capabilities."""
        kept = {"TMPDIR": str(self.dir / "home"), "LD_LIBRARY_PATH": "/none"}
        done = run("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}",
                   f"--groups={GID}", self.extcap / "pktwho", "-i", "lo",
                   "--", "env", env=os.environ | kept)
        self.assertEqual(done.returncode, 0, done.stderr)
        for name, value in kept.items():
            self.assertIn(f"\n{name}={value}\n", f"\n{done.stdout}")
        self.assertNotIn("PKTWHO_KEPT_", done.stdout)
        self.assertIn(f"writing {kept['TMPDIR']}/pktwho_lo_", done.stderr)

    def test_a_list_reaches_the_privileged_copy(self):
        server = self.tcp_server()
        path = self.dir / "home/list.pcapng"
        done = run("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}",
                   f"--groups={GID}", self.extcap / "pktwho", "-i", "lo",
                   "--proc", "nobody, curl", "-w", path, "--", "curl", "-s",
                   f"http://127.0.0.1:{server.told}/")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(("curl",), self.rows(path, "proc.src.name"))

    def test_who_cannot_gain_a_capability_is_told_why(self):
        member = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}",
                  f"--groups={GID}"]
        for wrap, said in (
                ([*member, "--no-new-privs"], "(no_new_privs)"),
                (["setpriv", "--bounding-set=-bpf", *member],
                 "not to be had in this container"),
                (["setpriv", "--bounding-set=-net_raw"],
                 "root lacks cap_net_raw here")):
            done = run(*wrap, self.extcap / "pktwho", "-i", "lo", "-w",
                       "/dev/null")
            self.assertEqual(done.returncode, 1, wrap)
            self.assertIn("no permission to capture: ", done.stderr)
            self.assertIn(said, done.stderr)

    def test_everyone_else_is_told_what_to_run(self):
        ns = self.namespace()
        _, said = self.tshark_live(
            ns, "-i", "pktwho:lo", "-c", "1",
            groups="--clear-groups").communicate(timeout=120)
        self.assertIn(f"only root and the group {GROUP} may capture", said)
        self.assertIn(f'run "sudo adduser nobody {GROUP}"', said)

    def doctor(self, groups, **env):
        return run("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}",
                   groups, self.extcap / "pktwho", "doctor",
                   env=os.environ | env)

    def test_doctor(self):
        """Works for everybody, and says what is missing to whom."""
        done = self.doctor("--clear-groups")
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"sudo adduser nobody {GROUP}", done.stdout)
        done = self.doctor(f"--groups={GID}")
        self.assertRegex(done.stdout, "ok +permission: captures, and sees")
        self.assertNotIn("adduser", done.stdout)
        self.assertNotIn("for root", done.stdout)
        self.assertEqual(done.stderr, "")

    def test_doctor_and_an_extcap_of_another_version(self):
        old = self.dir / "old extcap's/pktwho"
        old.parent.mkdir()
        old.write_text("#!/bin/sh\necho pktwho 0.0.1\n")
        old.chmod(0o755)
        done = self.doctor(f"--groups={GID}",
                           WIRESHARK_EXTCAP_DIR=str(old.parent))
        self.assertIn(f"FIX   extcap {old} is version 0.0.1, not ",
                      done.stdout)

    def test_doctor_and_a_plugin_that_does_not_load(self):
        plugins = self.dir / "broken plugins"
        folders = run("tshark", "-G", "folders").stdout
        (minor,) = re.findall(r"^Global Plugins:.*/(\d+\.\d+)$", folders, re.M)
        plugin = plugins / minor / "epan/pktwho.so"
        plugin.parent.mkdir(parents=True)
        plugin.write_bytes(b"of another Wireshark")
        done = self.doctor(f"--groups={GID}",
                           WIRESHARK_PLUGIN_DIR=str(plugins))
        self.assertIn(f"FIX   plugin {plugin} is there, but was built for "
                      "another Wireshark", done.stdout)

    def test_doctor_where_no_cgroups_are_to_be_seen(self):
        ns = self.namespace()
        done = run(*ns.argv("setpriv", f"--reuid={NOBODY}",
                            f"--regid={NOBODY}", f"--groups={GID}",
                            self.extcap / "pktwho", "doctor"))
        self.assertRegex(done.stdout, r"FIX   eBPF: no cgroup2 is mounted here"
                         r".*\n      -> sudo mount -t cgroup2 ")

    def test_doctor_after_wireshark_was_upgraded(self):
        plugins = self.dir / "plugins of old"
        (plugins / "3.9/epan").mkdir(parents=True)
        (plugins / "3.9/epan/pktwho.so").touch()
        done = self.doctor(f"--groups={GID}",
                           WIRESHARK_PLUGIN_DIR=str(plugins))
        self.assertRegex(done.stdout, r"FIX   plugin pktwho.so is for Wireshark"
                         r" 3\.9, and this is \d\.\d+, .*\n      -> .*install")


def message(control, command, text=b""):
    body = bytes([control, command]) + text
    return b"T" + struct.pack(">I", len(body))[1:] + body


class Toolbar(world.LiveTest):
    def setUp(self):
        self.pipes = [self.dir / f"{self.id()}.{n}" for n in "fio"]
        for pipe in self.pipes:
            os.mkfifo(pipe)
        self.read = bytearray()

    def collect(self):
        with open(self.pipes[0], "rb") as fifo:
            while chunk := fifo.read1():
                self.read += chunk

    def capture(self):
        fifo, control_in, control_out = self.pipes
        self.log = os.open(control_out, os.O_RDWR | os.O_NONBLOCK)
        self.logged = b""
        self.addCleanup(os.close, self.log)
        process = self.start(
            [PKTWHO, "--capture", "--extcap-interface", "pktwho:lo", "--fifo",
             fifo, "--extcap-control-in", control_in, "--extcap-control-out",
             control_out, "--extcap-capture-filter", f"tcp port {self.port}",
             "--log-level", "info", "--proc", ""], stderr=subprocess.PIPE)
        self.addCleanup(process.stderr.close)
        self.reader = threading.Thread(target=self.collect)
        self.reader.start()
        wait_for(lambda: has_begun(self.read), "capture")
        return process

    def wait_for_log(self, text):
        def has_come():
            try:
                self.logged += os.read(self.log, 65536)
            except BlockingIOError:
                pass
            return text in self.logged

        wait_for(has_come, text)

    def wait_for_packets_of(self, *programs):
        """Their records have the paths."""
        wait_for(lambda: all(bytes(self.dir / p) in self.read
                             for p in programs), f"packets of {programs}")

    def packets(self):
        path = self.dir / "toolbar.pcapng"
        path.write_bytes(self.read)
        path.chmod(0o644)
        return self.rows(path, "proc.src.name", where="tcp.flags.syn == 1 && "
                         "tcp.flags.ack == 0")

    def visit(self, program):
        """A client that has this name."""
        copy = self.dir / program
        if not copy.exists():
            shutil.copy(shutil.which("curl"), copy)
        run(copy, "-s", "-o", "/dev/null", f"http://127.0.0.1:{self.port}/")

    def test_filter_by_process(self):
        self.port = self.tcp_server().told
        process = self.capture()
        self.visit("one")
        self.wait_for_packets_of("one")
        with open(self.pipes[1], "wb", buffering=0) as control:
            control.write(message(0, 0))            # initialized
            # In two parts: a pipe promises nothing.
            whole = message(0, 1, b"two, th*, a-name-of-22-characters")
            control.write(whole[:3])
            time.sleep(0.05)
            control.write(whole[3:])
            self.wait_for_log(b"only processes of these names from now on: "
                              b"two, th*")
            self.visit("two")
            self.visit("one")
            self.visit("three")
            self.visit("a-name-of-22-characters")
            self.wait_for_packets_of("two", "three",
                                     "a-name-of-22-characters")
            control.write(message(0, 1))
            self.wait_for_log(b"all processes from now on")
            self.visit("four")
            self.wait_for_packets_of("four")
        process.terminate()
        self.assertEqual(process.wait(world.PATIENCE), 0)
        self.reader.join(world.PATIENCE)
        self.assertEqual(self.packets(), [("one",), ("two",), ("three",),
                                          ("a-name-of-22-ch",), ("four",)])
        self.assertEqual(process.stderr.read(), "")
        self.wait_for_log(b" dropped")
        self.assertEqual(self.logged[:1], b"T")

    def test_nonsense(self):
        """What is no message does not stop the capture."""
        self.port = self.tcp_server().told
        process = self.capture()
        with open(self.pipes[1], "wb", buffering=0) as control:
            control.write(b"nonsense" + message(9, 9, b"x" * 5000)
                          + message(0, 1, b"," * 900) + message(0, 1)
                          + message(0, 1, b"nobody"))
            self.wait_for_log(b"from now on: nobody")
            self.visit("one")
        time.sleep(0.4)     # for nothing
        process.terminate()
        self.assertEqual(process.wait(world.PATIENCE), 0)
        self.reader.join(world.PATIENCE)
        self.assertEqual(self.packets(), [])
        kinds = [b.kind for b in pcapng.blocks(bytes(self.read))]
        self.assertEqual(kinds[0], pcapng.SHB)


if __name__ == "__main__":
    world.main()
