# SPDX-License-Identifier: GPL-3.0-or-later
"""The main job: every packet names the process at both ends."""
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import unittest
from pathlib import Path

import world
from world import PKTWHO, WITHOUT_EBPF, Capture, clients

# Found by way of world.
import pcapng  # isort: skip

ENDS = ("tcp.srcport", "proc.src.name", "proc.src.pid", "proc.src.attr",
        "proc.dst.name", "proc.dst.pid", "proc.dst.attr", "proc.reason")

SEND = """if True:
    import socket
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(
        b"x", ("127.0.0.1", 9))
    """
RENAMES = """if True:
    import ctypes, socket
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for _ in range(20):
        s.sendto(b"x", ("127.0.0.1", 9))
    for n in range(200):
        ctypes.CDLL(None).prctl(15, b"other%d" % n, 0, 0, 0)
    """

# Many processes, until their input ends.
CROWD = """exec 3<&0
i=0
while [ $i -lt 500 ]; do
    (read line <&3) &
    i=$((i + 1))
done
echo
read line
"""
# Both ends of a connection: a parent that says "x" for each line, and a child.
PAIR = """if True:
    import os, socket, sys
    listener = socket.create_server(("127.0.0.1", 0))
    if not os.fork():
        s = socket.create_connection(listener.getsockname())
        listener.close()
        while s.recv(1):
            s.send(b"y")
        sys.exit()
    s, _ = listener.accept()
    print(flush=True)
    for line in sys.stdin:
        s.send(b"x")
        s.recv(1)
        print(flush=True)
    """

# Becomes a program whose many segments the kernel maps for milliseconds.
SLOW_EXEC = """if True:
    import os, socket, struct, sys
    path, count, first = sys.argv[1], 1100, 0x400000
    elf = struct.pack("<16sHHIQQQIHHHHHH", b"\\x7fELF\\2\\1\\1", 2, 62, 1,
                      first + 64, 4096, 0, 0, 64, 56, count, 0, 0, 0)
    elf += b"\\xb8\\x22\\0\\0\\0\\x0f\\x05\\xeb\\xf7"     # pause() for ever
    elf = elf.ljust(4096, b"\\0")
    for n in range(count):
        at = first + n * 8192
        elf += struct.pack("<IIQQQQQQ", 1, 5, 0, at, at, 4096, 4096, 4096)
    with open(path, "wb") as f:
        f.write(elf)
    os.chmod(path, 0o755)
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    s, _ = listener.accept()
    os.set_inheritable(s.fileno(), True)
    s.recv(1)
    os.execv(path, [path])
    """


class Owners(world.LiveTest):
    def judge(self, path, port, pids, server_pid):
        """Each packet's ends against the truth, and all clients are seen.

        Who reads after a packet was held for as long as it may be, because
        the machine is busy, is unknown.
        """
        seen, unknown = {}, []
        for row in self.rows(path, *ENDS, where=f"tcp.port == {port}"):
            src, dst = row[1:4], row[4:7]
            client, server = (dst, src) if row[0] == port else (src, dst)
            if "unknown" in (client[2], server[2]):
                unknown.append(row)
            if client[2] != "unknown":
                self.assertEqual(client[0], "curl", row)
                self.assertIn(client[1], pids, row)
                self.assertIn(client[2], ("socket", "kernel"), row)
                seen[client[1]] = seen.get(client[1], 0) + 1
            if server[2] != "unknown":
                self.assertEqual(server[:2], ("python3", str(server_pid)),
                                 row)
                self.assertIn(server[2], ("listener", "accepted", "socket",
                                          "kernel"), row)
        self.assertEqual(set(seen), set(pids))
        self.assertGreaterEqual(min(seen.values()), 4, "packets per curl")
        self.assertLess(len(unknown), sum(seen.values()) / 100, unknown)

    def short_clients(self, count, url, port, server, capture, run):
        path = self.dir / f"{self.id()}.pcapng"
        c = capture(path)
        done = run("sh", "-c", clients(count, url))
        status, said = c.stop()
        self.assertEqual((status, done.returncode), (0, 0), said)
        self.assertRegex(said, r"(?m)^pktwho: \d+ packets, 0 dropped")
        self.judge(path, port, done.stdout.split(), server)

    def loopback(self, address, url):
        server = self.tcp_server(address)
        port = server.told
        self.short_clients(
            100, url.format(port), port, server.pid,
            lambda path: Capture(path, "-i", "lo", "-f", f"tcp port {port}"),
            world.run)

    def test_loopback_ipv4(self):
        self.loopback("127.0.0.1", "http://127.0.0.1:{}/")

    def test_loopback_ipv6(self):
        self.loopback("::1", "http://[::1]:{}/")

    def test_between_namespaces_seen_from_the_host_side(self):
        self.check_veth(("192.0.2.1/24", "192.0.2.2/24"), "192.0.2.2",
                        "http://192.0.2.2:{}/")

    def test_between_namespaces_ipv6(self):
        self.check_veth(("2001:db8::1/64", "2001:db8::2/64"), "2001:db8::2",
                        "http://[2001:db8::2]:{}/")

    def check_veth(self, pair, address, url):
        near, far = self.namespace(), self.namespace()
        world.link(near, far, pair)
        server = self.tcp_server(address, within=far)
        port = server.told
        self.short_clients(
            100, url.format(port), port, server.pid,
            lambda path: Capture(path, "-i", "veth0", within=near),
            near.run)

    def test_any_sees_loopback_once(self):
        server = self.tcp_server()
        port = server.told
        self.short_clients(
            20, f"http://127.0.0.1:{port}/", port, server.pid,
            lambda path: Capture(path, "-i", "any", "-f", f"tcp port {port}"),
            world.run)

    def test_several_interfaces_stay_in_order(self):
        near, far = self.namespace(), self.namespace()
        world.link(near, far, ("192.0.2.1/24", "192.0.2.2/24"))
        server = self.tcp_server("192.0.2.2", within=far)
        local = self.tcp_server("127.0.0.1", within=near)
        path = self.dir / "two.pcapng"
        c = Capture(path, "-i", "veth0", "-i", "lo", within=near)
        script = (clients(20, f"http://192.0.2.2:{server.told}/") + ";" +
                  clients(20, f"http://127.0.0.1:{local.told}/"))
        near.run("sh", "-c", script)
        c.stop()
        times = [float(t) for (t,) in
                 self.rows(path, "frame.time_epoch", where="tcp")]
        self.assertEqual(times, sorted(times))
        names = {n for (n,) in self.rows(path, "frame.interface_name",
                                         where="tcp")}
        self.assertEqual(names, {"veth0", "lo"})

    def test_udp_and_ping(self):
        near, far = self.namespace(), self.namespace()
        world.link(near, far, ("192.0.2.1/24", "192.0.2.2/24"),
                   ("2001:db8::1/64", "2001:db8::2/64"))
        server = self.server(UDP_SERVER, "192.0.2.2", within=far)
        path = self.dir / "udp.pcapng"
        c = Capture(path, "-i", "veth0", within=far)
        client = near.run("python3", "-c", UDP_CLIENT, "192.0.2.2",
                          server.told)
        pings = [near.run("ping", "-nqc2", "-i0.2", a)
                 for a in ("192.0.2.2", "2001:db8::2")]
        self.assertEqual([p.returncode for p in pings], [0, 0])
        c.stop()
        udp = self.rows(path, "udp.srcport", "proc.src.pid", "proc.dst.pid",
                        where=f"udp.port == {server.told}")
        us, them = client.stdout.split()[0], str(server.pid)
        self.assertEqual(len(udp), 40)
        self.assert_same_packets(udp, [
            (port, *((them, us) if port == server.told else (us, them)))
            for port, *_ in udp], 1, 0.7)
        echo = self.rows(path, "proc.src.name", "proc.src.attr",
                         "proc.dst.name", "proc.dst.attr", "proc.reason",
                         where="icmp.type == 8 || icmpv6.type == 128")
        self.assertEqual(echo, [("ping", "socket", "", "kernel", "icmp")] * 4)
        reply = self.rows(path, "proc.src.name", "proc.src.attr",
                          "proc.dst.name", "proc.dst.attr", "proc.reason",
                          where="icmp.type == 0 || icmpv6.type == 129")
        # A busy machine may let ping read one too late.
        self.assertEqual(len(reply), 4)
        self.assertIn(("", "kernel", "ping", "socket", "icmp"), reply)
        for row in reply:
            self.assertIn(row[:4], (("", "kernel", "ping", "socket"),
                                    ("", "kernel", "", "unknown")))

    def test_a_raw_socket_hears_what_the_kernel_handles(self):
        """Neighbours and groups stay the kernel's; a router's are heard."""
        near, far = self.namespace(), self.namespace()
        world.link(near, far, ("2001:db8::1/64", "2001:db8::2/64"))
        far.ip("link", "set", "lo", "multicast", "on")
        far.run("sh", "-c",
                "echo 1 > /proc/sys/net/ipv6/conf/all/forwarding", check=True)
        path = self.dir / "raw.pcapng"
        c = Capture(path, "-i", "veth0", "-i", "lo", "-f", "ip6",
                    within=far)
        hears = self.server(RAW_LISTENER, within=far)
        done = near.run("python3", "-c", SOLICITOR, "2001:db8::2")
        self.assertEqual(done.returncode, 0, done.stderr)
        heard = {int(t) for t in hears.stdout.readline().split()}
        self.assertLessEqual({133, 135, 143}, heard)
        self.assertEqual(c.stop()[0], 0)
        named = set(self.rows(
            path, "icmpv6.type", "proc.dst.pid", "proc.dst.attr",
            where="proc.dst.pid && icmpv6.type >= 130"))
        self.assertEqual(named, {("133", str(hears.pid), "socket")})

    def test_raw_sockets_hear_others_connections(self):
        ns = self.namespace()
        sniffer = self.server(SNIFFER, within=ns)
        server = self.tcp_server(within=ns)
        echo = self.server(UDP_SERVER, "127.0.0.1", within=ns)
        path = self.dir / "sniffer.pcapng"
        c = Capture(path, "-i", "lo", within=ns)
        done = ns.run("sh", "-c", clients(
            3, f"http://127.0.0.1:{server.told}/"))
        curls = done.stdout.split()
        done = ns.run("python3", "-c", UDP_CLIENT, "127.0.0.1", echo.told)
        self.assertEqual(sniffer.stdout.readline(), "6 17\n")
        self.assertEqual(c.stop()[0], 0)
        named = {pid for (both,) in self.rows(path, "proc.pid")
                 for pid in both.split(",") if pid}
        self.assertEqual(named, {*curls, done.stdout.strip(),
                                 str(server.pid), str(echo.pid)})

    def test_two_programs_use_one_port_in_turn(self):
        path = self.dir / "shared.pcapng"
        ns = self.namespace()
        c = Capture(path, "-i", "lo", "-f", "udp", within=ns)
        senders = [self.start(ns.argv("python3", "-u", "-c", SENDER),
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE)
                   for _ in range(2)]
        for n in range(7):
            sender = senders[n % 2]
            sender.stdin.write("send\n")
            sender.stdin.flush()
            sender.stdout.readline()
        for sender in senders:
            sender.communicate()
        self.assertEqual(c.stop()[0], 0)
        rows = [(bytes.fromhex(said).decode(), pid) for said, pid in
                self.rows(path, "udp.payload", "proc.src.pid", where="udp")]
        self.assertEqual(rows, [(str(senders[n % 2].pid),) * 2
                                for n in range(7)])

    def test_a_forged_sender_is_not_named(self):
        """What comes from outside with the addresses of a socket of ours."""
        near, far = self.namespace(), self.namespace()
        world.link(near, far, ("192.0.2.1/24", "192.0.2.2/24"))
        path = self.dir / "forged.pcapng"
        c = Capture(path, "-i", "veth0", "-f", "udp", within=near)
        ours = self.server(TALKER, within=near)
        done = far.run("python3", "-c", FORGER)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(c.stop()[0], 0)
        rows = self.rows(path, "udp.payload", "proc.src.pid",
                         "proc.src.reason", where="udp")
        # Ours may have waited for its neighbour's address.
        self.assertCountEqual(rows, [
            (b"ours".hex(), str(ours.pid), ""),
            (b"forged".hex(), "", "ambiguous")])

    def test_a_raw_socket_has_its_own_packets_of_a_connection(self):
        ns = self.namespace()
        server = self.server(ECHO_SERVER, within=ns)
        path = self.dir / "raw-forger.pcapng"
        c = Capture(path, "-i", "lo", within=ns)
        done = ns.run("python3", "-c", FORGED_FOR, server.told)
        self.assertEqual(done.returncode, 0, done.stderr)
        ours, forger = done.stdout.split()
        self.assertEqual(c.stop()[0], 0)
        rows = self.rows(path, "tcp.payload", "proc.src.pid",
                         where=f"tcp.dstport == {server.told} && tcp.len > 0")
        # TCP may send one again.
        self.assertEqual(list(dict.fromkeys(rows)), [
            (b"before".hex(), ours), (b"forged".hex(), forger),
            (b"after".hex(), ours)])

    def test_a_group_is_received_by_all_at_any_rate(self):
        ns = self.namespace()
        ns.run("ip", "route", "add", "239.0.0.0/8", "dev", "lo", check=True)
        receivers = [self.server(MEMBER, within=ns) for _ in range(3)]
        path = self.dir / "group.pcapng"
        c = Capture(path, "-i", "lo", "-f", "udp", within=ns)
        done = ns.run("python3", "-c", GROUP_SENDER)
        status, said = c.stop()
        self.assertEqual(status, 0, said)
        rows = self.rows(path, "proc.src.pid", "proc.dst.pid", where="udp")
        named = [src for src, _ in rows if src]
        self.assertGreater(len(named), 4900, said)
        self.assertEqual(set(named), {done.stdout.strip()})
        self.assertLessEqual({pid for _, dst in rows if dst
                              for pid in dst.split(",")},
                             {str(r.pid) for r in receivers})

    def test_loopback_is_counted_once(self):
        path = self.dir / "counted.pcapng"
        ns = self.namespace()
        c = Capture(path, "-i", "lo", within=ns)
        ns.run("ping", "-nqc3", "-i0.1", "127.0.0.1")
        self.assertEqual(c.stop()[0], 0)
        blocks = pcapng.blocks(path.read_bytes())
        options, = [dict(b.options) for b in blocks if b.kind == pcapng.ISB]
        received = int.from_bytes(options[4], "little")
        self.assertEqual(received, 6)
        self.assertEqual(received,
                         sum(b.kind == pcapng.EPB for b in blocks))

    def test_closed_port_is_the_kernel(self):
        path = self.dir / "closed.pcapng"
        ns = self.namespace()
        c = Capture(path, "-i", "lo", within=ns)
        ns.run("curl", "-s", "http://127.0.0.1:9/")
        c.stop()
        self.assertEqual(
            self.rows(path, "proc.name", "proc.src.attr", "proc.dst.attr",
                      "proc.reason", where="tcp"),
            [("curl", "socket", "kernel", "no-socket"),
             ("curl", "kernel", "socket", "reset")])

    def test_sockets_from_before_the_capture(self):
        server = self.server(ECHO_SERVER)
        client = self.start(["python3", "-c", ECHO_CLIENT, server.told],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(client.stdin.close)
        self.addCleanup(client.stdout.close)
        client.stdout.readline()
        path = self.dir / "before.pcapng"
        c = Capture(path, "-i", "lo", "-f", f"tcp port {server.told}")
        client.stdin.write("go\n")
        client.stdin.flush()
        client.stdout.readline()
        c.stop()
        rows = self.rows(path, "tcp.srcport", "proc.src.pid", "proc.src.attr",
                         "proc.dst.pid", "proc.dst.attr", where="tcp")
        us, them = str(client.pid), str(server.pid)
        # The client proves itself by sending, its peer by reading in time.
        self.assertIn(rows[0][1:], ((us, "socket", them, "holder"),
                                    (us, "socket", them, "socket")))
        for row in rows:
            self.assertEqual((row[1], row[3]), (them, us)
                             if row[0] == server.told else (us, them))

    def test_a_capture_begins_before_all_processes_are_read(self):
        crowd = self.start(["sh", "-c", CROWD], stdin=subprocess.PIPE,
                           stdout=subprocess.PIPE)
        self.addCleanup(crowd.stdout.close)
        self.addCleanup(crowd.stdin.close)
        crowd.stdout.readline()
        ns, path = self.namespace(), self.dir / "crowd.pcapng"
        pair = self.server(PAIR, "an-argument", within=ns,
                           stdin=subprocess.PIPE)
        c = Capture(path, "-i", "lo", within=ns)
        pair.stdin.write("once\n")
        pair.stdin.flush()
        pair.stdout.readline()
        self.assertEqual(c.stop()[0], 0)
        pair.stdin.close()
        rows = self.rows(path, "proc.src.exepath", "proc.src.cmdline",
                         "proc.src.pname", "proc.dst.exepath",
                         "proc.dst.cmdline", "proc.dst.pname",
                         where="tcp.len == 1")
        self.assertEqual(len(rows), 2)
        for row in rows:
            for exepath, cmdline, parent in (row[:3], row[3:]):
                self.assertIn("python3", exepath, row)
                self.assertIn("an-argument", cmdline, row)
                self.assertTrue(parent, row)

    def test_a_program_that_deletes_itself(self):
        """Before it connects, or after: then the table tells."""
        server = self.tcp_server()
        connect = f"exec 3<>/dev/tcp/127.0.0.1/{server.told}"
        for name, script, at_once in (
                ("before", f'rm "$0"; {connect}', True),
                ("after", f'{connect}; rm "$0"', False)):
            program, path = self.dir / name, self.dir / f"{name}.pcapng"
            shutil.copy("/bin/bash", program)
            c = Capture(path, "-i", "lo", "-f", f"tcp port {server.told}")
            process = self.start(
                [program, "-c", f"{script}; echo; read", program],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            self.addCleanup(process.stdin.close)
            self.addCleanup(process.stdout.close)
            process.stdout.readline()
            self.assertEqual(c.stop()[0], 0)
            flags = {row[0] for row in self.rows(
                path, "proc.src.exe_deleted",
                where=f"proc.src.pid == {process.pid}")}
            self.assertEqual(flags, {"1" if at_once else ""})
            table = dict(zip(*(field.split(",") for field, in (
                self.rows(path, f"proc.table.{n}", where="proc.table")[0]
                for n in ("pid", "flags")))))
            self.assertTrue(int(table[str(process.pid)], 16) & 1, table)

    def disguised(self):
        """As any user can: bash, mounted over the path of another."""
        process = self.start(
            ["setpriv", f"--reuid={world.NOBODY}", "--clear-groups", "unshare",
             "-Urm", "bash", "-c", "mount --bind /bin/bash /usr/bin/cut && "
             "exec /usr/bin/cut -c 'echo; read; "
             "echo hello >/dev/udp/127.0.0.1/9; echo; read'"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(process.stdin.close)
        self.addCleanup(process.stdout.close)
        if not process.stdout.readline():
            self.skipTest("users have no namespaces here")
        return process

    def test_a_path_that_is_another_file_on_the_host(self):
        path = self.dir / "disguised.pcapng"
        before = self.disguised()
        c = Capture(path, "-i", "lo", "-f", "udp port 9")
        processes = before, self.disguised()
        for process in processes:
            print("go", file=process.stdin, flush=True)
            process.stdout.readline()
        self.assertEqual(c.stop()[0], 0)
        rows = self.rows(path, "proc.src.pid", "proc.src.exepath",
                         "proc.src.exe_user_mount", where="udp")
        self.assertEqual(rows, [(str(p.pid), "/usr/bin/cut", "1")
                                for p in processes])

    def test_a_program_that_renames_itself_without_end(self):
        """It stays what it is, and does not become what executed it."""
        path = self.dir / "renames.pcapng"
        ns = self.namespace()
        c = Capture(path, "-i", "lo", "-f", "udp port 9", within=ns)
        ns.run("env", sys.executable, "-c", RENAMES, check=True)
        self.assertEqual(c.stop()[0], 0)
        rows = self.rows(path, "proc.src.exepath", "proc.src.attr",
                         where="udp")
        python = os.path.realpath(sys.executable)
        self.assertEqual(rows, [(python, "socket")] * 20)

    @unittest.skipUnless(os.uname().machine == "x86_64", "its code is x86's")
    def test_what_comes_while_a_program_is_executed(self):
        """It is of the old one, under its name, or of the new one."""
        path = self.dir / "slow.pcapng"
        server = self.server(SLOW_EXEC, self.dir / "slow")
        c = Capture(path, "-i", "lo", "-f", f"tcp port {server.told}")
        with socket.create_connection(("127.0.0.1", int(server.told))) as s:
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for _ in range(100):
                s.send(b"x")
                time.sleep(0.0002)
        self.assertEqual(c.stop()[0], 0)
        seen = set(self.rows(path, "proc.dst.id", "proc.dst.name", where=(
            f"tcp.len && proc.dst.pid == {server.pid}")))
        self.assertEqual(sorted(name for _, name in seen),
                         ["python3", "slow"], seen)

    def test_the_pid_in_namespaces_of_its_own(self):
        path = self.dir / "vpid.pcapng"
        ns = self.namespace()
        c = Capture(path, "-i", "lo", "-f", "udp port 9", within=ns)
        send = (sys.executable, "-c", SEND)
        inner = ("unshare", "--pid", "--fork")
        for wrap in (), inner, inner + inner:
            ns.run(*wrap, *send, check=True)
        self.assertEqual(c.stop()[0], 0)
        (pid, vpid), *nested = self.rows(path, "proc.src.pid", "proc.src.vpid",
                                         where="udp")
        self.assertEqual(pid, vpid)
        self.assertEqual([vpid for _, vpid in nested], ["1", "1"])
        self.assertNotIn("1", [pid for pid, _ in nested])

    def test_a_process_that_enters_a_network_namespace(self):
        """It is where it has gone, not where it was started."""
        ns = self.namespace()
        inode = str(os.stat(f"/run/netns/{ns.name}").st_ino)
        path = self.dir / "entered.pcapng"
        c = Capture(path, "-i", "lo", "-f", "udp port 9", within=ns)
        enter = ("import ctypes, os\n"
                 f"fd = os.open('/run/netns/{ns.name}', os.O_RDONLY)\n"
                 "assert not ctypes.CDLL(None).setns(fd, 0)\n")
        subprocess.run([sys.executable, "-c", enter + SEND], check=True)
        self.assertEqual(c.stop()[0], 0)
        self.assertEqual(self.rows(path, "proc.src.netns", where="udp"),
                         [(inode,)])

    def test_a_process_that_moves_to_another_cgroup(self):
        """Its packets until then stay its former unit's."""
        mounts = Path("/proc/self/mounts").read_text()
        root = re.search(r" (\S+) cgroup2 ", mounts)
        if not root:
            self.skipTest("no cgroup2 is mounted")
        unit = Path(root[1], f"pktwho{os.getpid()}.service")
        unit.mkdir()
        self.addCleanup(unit.rmdir)
        path = self.dir / "moved.pcapng"
        ns = self.namespace()
        c = Capture(path, "-i", "lo", "-f", "udp port 9", within=ns)
        move = (f"\nimport os\nopen('{unit}/cgroup.procs', 'w')"
                ".write(str(os.getpid()))\n")
        # ip netns would hide the cgroups.
        world.run("nsenter", f"--net=/run/netns/{ns.name}", sys.executable,
                  "-c", SEND + move + SEND, check=True)
        self.assertEqual(c.stop()[0], 0)
        before, after = self.rows(path, "proc.src.unit", where="udp")
        self.assertEqual(after, (unit.name,))
        self.assertNotEqual(before, after)

    def test_without_ebpf_it_says_so_and_goes_on(self):
        server = self.tcp_server()
        port = server.told
        path = self.dir / "fallback.pcapng"
        c = Capture(path, "-i", "lo", "-f", f"tcp port {port}",
                    wrap=WITHOUT_EBPF)
        client = world.run("python3", "-c", SLOW_CLIENT, path, port)
        status, said = c.stop()
        self.assertEqual(status, 0, said)
        self.assertRegex(said.splitlines()[0], "^pktwho: warning: no eBPF")
        self.assertEqual(len(said.splitlines()), 2, said)
        us, them = client.stdout.strip(), str(server.pid)
        rows = self.rows(path, "tcp.dstport", "proc.src.pid", "proc.src.attr",
                         "proc.dst.pid", "proc.dst.attr",
                         where="tcp.flags.fin == 0")
        self.assertTrue(rows)
        for row in rows:
            self.assertEqual((row[1], row[3]),
                             (us, them) if row[0] == port else (them, us))
            self.assertLessEqual({row[2], row[4]}, {"scan", "listener"}, row)

    def test_in_a_time_namespace(self):
        """Events of another clock would name nobody, or the wrong one."""
        if not os.path.exists("/proc/self/ns/time"):
            self.skipTest("no time namespaces in this kernel")
        path = self.dir / "time.pcapng"
        c = Capture(path, "-i", "lo", "-f", "icmp", wrap=[
            "unshare", "--time", "--fork", "--monotonic", "100000",
            "--boottime", "100000"])
        world.run("ping", "-nqc3", "-i0.2", "127.0.0.1")
        # Where the signal goes to unshare, whose child it is not passed to.
        subprocess.run(["pkill", "-INT", "-P", str(c.process.pid)],
                       check=True)
        status, said = c.finish()
        self.assertEqual(status, 0, said)
        self.assertRegex(said, r"no eBPF \(a time namespace ")
        attrs = {a for (both,) in self.rows(path, "proc.src.attr",
                                            where="icmp.type == 8")
                 for a in both.split(",")}
        self.assertEqual(attrs, {"unknown"})

    def test_without_ebpf_a_command_and_its_descendants(self):
        server = self.tcp_server()
        path = self.dir / "fallback-command.pcapng"
        done = world.run(*WITHOUT_EBPF, PKTWHO, "-q", "-i", "lo", "-w", path,
                         "--", "sh", "-c", 'python3 -c "$@"; true', "sh",
                         SLOW_CLIENT, path, server.told)
        self.assertEqual(done.returncode, 0, done.stderr)
        path.chmod(0o644)
        rows = self.rows(path, "proc.src.pid", "proc.src.name",
                         where=f"tcp.dstport == {server.told} && tcp.len > 0")
        # TCP may send it again.
        self.assertEqual(set(rows), {(done.stdout.strip(), "python3")})

    def test_without_ebpf_a_listener_is_not_the_other_host(self):
        near, far = self.namespace(), self.namespace()
        world.link(near, far, ("192.0.2.1/24", "192.0.2.2/24"))
        for ns in (near, far):
            self.server(FIXED_SERVER, within=ns)
        path = self.dir / "fallback-remote.pcapng"
        c = Capture(path, "-i", "veth0", "-f", "tcp", wrap=[
            *near.argv(), *WITHOUT_EBPF])
        client = near.run("python3", "-c", SLOW_CLIENT.replace(
            "127.0.0.1", "192.0.2.2"), path, "2222")
        status, said = c.stop()
        self.assertEqual(status, 0, said)
        rows = set(self.rows(path, "ip.src", "proc.src.pid", "proc.dst.pid",
                             where="tcp.flags.fin == 0"))
        us = client.stdout.strip()
        self.assertEqual(rows, {("192.0.2.1", us, ""),
                                ("192.0.2.2", "", us)})


FIXED_SERVER = """
import socket
s = socket.create_server(('0.0.0.0', 2222))
print()
while True:
    c, _ = s.accept()
    c.recv(100)
"""

UDP_SERVER = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((sys.argv[1], 0))
print(s.getsockname()[1])
while True:
    data, peer = s.recvfrom(2048)
    s.sendto(data, peer)
"""

SNIFFER = """
import select, socket
heard, raw = set(), [socket.socket(socket.AF_INET, socket.SOCK_RAW, p)
                     for p in (6, 17)]
print()
while True:
    for s in select.select(raw, [], [])[0]:
        s.recv(2048)
        heard.add(s.proto)
    if len(heard) == 2:
        print(*sorted(heard))
        heard = set(range(3))
"""

# Says who it is, whenever it is told to, from a port that is not its alone.
SENDER = """
import os, socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
s.bind(('127.0.0.1', 5353))
for line in sys.stdin:
    s.sendto(str(os.getpid()).encode(), ('127.0.0.1', 5354))
    print()
"""

# Sends, lets a child forge a segment of the connection, and sends again.
FORGED_FOR = """
import os, socket, struct, sys, time
c = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
c.sendall(b'before')
c.recv(100)
child = os.fork()
if not child:
    r = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP)
    r.sendto(struct.pack('>HHIIBBHHH', c.getsockname()[1], int(sys.argv[1]),
                         1, 1, 0x50, 0x18, 100, 0, 0) + b'forged',
             ('127.0.0.1', 0))
    os._exit(0)
os.waitpid(child, 0)
time.sleep(0.2)
c.sendall(b'after')
c.recv(100)
print(os.getpid(), child)
"""

MEMBER = """
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(('239.1.2.3', 5555))
s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
             socket.inet_aton('239.1.2.3') + socket.inet_aton('127.0.0.1'))
print()
while True:
    s.recv(2048)
"""

GROUP_SENDER = """
import os, socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('127.0.0.1', 0))
for _ in range(5000):
    s.sendto(b'x', ('239.1.2.3', 5555))
print(os.getpid())
"""

TALKER = """
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('192.0.2.1', 5000))
s.sendto(b'ours', ('192.0.2.2', 9000))
print()
time.sleep(60)
"""

# A frame that passes no hook of this host's kernel: PACKET_QDISC_BYPASS.
FORGER = """
import socket, struct
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.setsockopt(263, 20, 1)
s.bind(('veth0', 0x0800))
udp = struct.pack('>HHHH', 5000, 9000, 14, 0) + b'forged'
s.send(bytes([255] * 6) + s.getsockname()[4] + struct.pack(
    '>HBBHHHBBH', 0x0800, 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0)
    + socket.inet_aton('192.0.2.1') + socket.inet_aton('192.0.2.2') + udp)
"""

UDP_CLIENT = """
import os, socket, sys
for i in range(20):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(60)
    s.sendto(b'hi', (sys.argv[1], int(sys.argv[2])))
    s.recv(10)
    s.close()
print(os.getpid())
"""

# Hears all of ICMPv6, and joins a group, whose report comes back on loopback.
RAW_LISTENER = """
import socket, struct
s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
s.settimeout(60)
print(flush=True)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP,
             socket.inet_pton(socket.AF_INET6, 'ff05::77') +
             struct.pack('I', socket.if_nametoindex('lo')))
heard = set()
while not heard >= {133, 135, 143}:
    heard.add(s.recv(2048)[0])
print(*heard, flush=True)
while True:
    s.recv(2048)
"""

# Asks for its neighbour, and once that is there for routers; more than once,
# as a busy machine may let the listener wait for too long.
SOLICITOR = """
import socket, subprocess, sys, time
subprocess.run(['ping', '-nqc1', sys.argv[1]], check=True)
s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
for _ in range(10):
    s.sendto(bytes([133]) + bytes(7), ('ff02::2%veth0', 0))
    time.sleep(0.02)
"""

# Is there, and then still there, while what it sends is looked up.
SLOW_CLIENT = """
import os, socket, sys, time
def captured(send):
    size, end = os.path.getsize(sys.argv[1]), time.monotonic() + 60
    result = send()
    while os.path.getsize(sys.argv[1]) == size and time.monotonic() < end:
        time.sleep(0.01)
    time.sleep(0.2)
    return result
s = captured(lambda: socket.create_connection(
    ('127.0.0.1', int(sys.argv[2]))))
captured(lambda: s.sendall(b'hi'))
print(os.getpid())
"""

ECHO_SERVER = """
import socket
s = socket.create_server(('127.0.0.1', 0))
print(s.getsockname()[1])
c, _ = s.accept()
while True:
    c.sendall(c.recv(100) or exit())
"""

ECHO_CLIENT = """
import socket, sys
s = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
print('connected', flush=True)
sys.stdin.readline()
s.sendall(b'hi')
print(s.recv(10), flush=True)
sys.stdin.readline()
"""

if __name__ == "__main__":
    world.main()
