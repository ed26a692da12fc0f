# SPDX-License-Identifier: GPL-3.0-or-later
"""Nobody is named, and nobody is said to be the kernel, without evidence."""
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import world
from inject import (ethernet, inject, ipv4, ipv6, mac_of, tcp, udp,
                    udp_checksum)
from world import Capture, cgroup_root, link, remove_cgroup, wait_for

SET_CLOCK = sys.argv[3]
NEAR, FAR = "192.0.2.1", "192.0.2.2"
NEAR6, FAR6 = "2001:db8::1", "2001:db8::2"

LISTENERS = """
import socket, time
kept = []
for family, address in ((socket.AF_INET, "192.0.2.1"),
                        (socket.AF_INET6, "2001:db8::1")):
    t = socket.create_server((address, 2222), family=family)
    u = socket.socket(family, socket.SOCK_DGRAM)
    u.bind((address, 5353))
    kept += [t, u]
print("ready")
time.sleep(100)
"""

KNOCK = """
import socket, sys
for family, address in ((socket.AF_INET, "192.0.2.1"),
                        (socket.AF_INET6, "2001:db8::1")):
    for port in (2222, 2223):
        s = socket.socket(family)
        s.setblocking(False)
        s.connect_ex((address, port))
    for port in (5353, 5354):
        u = socket.socket(family, socket.SOCK_DGRAM)
        u.sendto(b"knock", (address, port))
"""

# Echoes what comes over one connection, one line at a time.
ECHO = """
import socket, sys
s = socket.create_server((sys.argv[1], 0))
print(s.getsockname()[1])
c, _ = s.accept()
while data := c.recv(100):
    c.sendall(data)
"""

# Connects, then sends a line for each it is told to.
CLIENT = """
import socket, sys
c = socket.create_connection((sys.argv[1], int(sys.argv[2])))
print("connected", flush=True)
for line in sys.stdin:
    c.sendall(line.encode())
    c.recv(100)
    print("sent", flush=True)
"""

MANY_FLOWS = """
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for port in range(1, 25):
    for i in range(4096):
        try:
            s.sendto(b"x", ("127.9.%d.%d" % (i >> 8, i & 255), port))
        except OSError:
            pass
"""

# Decides about the packets of queue 7: NFQNL_MSG_CONFIG, NFQNL_CFG_CMD_BIND.
FIREWALL = """
import socket, struct
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
s.bind((0, 0))
s.send(struct.pack("=IHHII BBH HH", 28, 3 << 8 | 2, 5, 1, 0, 0, 0,
                   socket.htons(7), 8, 1) + struct.pack(">BBH", 1, 0, 2))
print(struct.unpack_from("=i", s.recv(100), 16)[0], flush=True)
input()
"""

# Prints the payload of each frame that it was waiting for.
FRAME_READER = """
import socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW,
                  socket.htons(int(sys.argv[1])))
s.bind(("veth0", int(sys.argv[1])))
print("ready")
while True:
    if sys.argv[2].encode() in s.recv(2000):
        print("read")
"""


# Listens to all frames, whether or not it sends one.
LISTENER = """
import socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
if sys.argv[1]:
    s.bind(("veth0", 3))
    s.send(b"\\xff" * 6 + bytes(6) + b"\\x88\\xb5" + bytes(50))
print("ready")
while True:
    if b"answer" in s.recv(2000):
        print("read")
"""


UNREAD = """
import signal, socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("", 68))
print("ready")
signal.pause()
"""


READ_UNTIL_END = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("0.0.0.0", int(sys.argv[1])))
print("bound", flush=True)
while s.recv(100) != b"end":
    pass
"""

REFUSED = """
import socket, sys
try:
    socket.create_connection((sys.argv[1], 2223))
except ConnectionRefusedError:
    pass
"""

# Reads from one port, and says what it has read.
READ_ONE_PORT = """
import socket, sys
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.bind(("::", int(sys.argv[1])))
print("bound", flush=True)
while (data := s.recv(100)) != b"end":
    print(data.decode(), flush=True)
"""

# Every other datagram is one that the firewall knows.
MARK_SOME = """
import socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.connect((sys.argv[1], int(sys.argv[2])))
for i in range(100):
    s.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, i % 2 * 4)
    s.send(b"datagram number %03d" % i)
    time.sleep(0.002)
s.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, 0)
s.send(b"end")
"""

# Sends what the firewall rejects, and hears of it.
REJECTED = """
import socket
for address, family in (("127.0.0.1", socket.AF_INET),
                        ("::1", socket.AF_INET6)):
    s = socket.socket(family, socket.SOCK_DGRAM)
    try:
        s.connect((address, 7))
        s.send(b"rejected")
        s.recv(100)
    except OSError as error:
        print(error)
"""


ASK_ONCE = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for i in range(5):
    s.sendto(b"ask", (sys.argv[1], 5353))
"""


# Becomes a program in that cgroup, which is the root of all that it sees.
INSIDE = """
echo $$ >$1/cgroup.procs
net=$2
shift 2
exec nsenter --net=/run/netns/$net unshare -Cm sh -c '
    awk "\\$3 == \\"cgroup2\\" { print \\$2 }" /proc/self/mounts |
        xargs -r -n 1 umount -l
    mount -t cgroup2 none "$1"
    shift
    exec "$@"' sh "$@"
"""


def cgroup_links(pid):
    """The ids of a process's eBPF links that hang on a cgroup."""
    for info in Path(f"/proc/{pid}/fdinfo").iterdir():
        text = info.read_text()
        if "link_type:\tcgroup\n" in text:
            yield re.search(r"link_id:\t(\d+)", text).group(1)


class Evidence(world.LiveTest):
    def pair(self):
        near, far = self.namespace(), self.namespace()
        link(near, far, (f"{NEAR}/24", f"{FAR}/24"),
             (f"{NEAR6}/64", f"{FAR6}/64"))
        return near, far

    def capture(self, name, near, *argv, **options):
        return Capture(self.dir / f"{name}.pcapng", "-i", "veth0", *argv,
                       within=near, **options)

    def test_a_lost_event_is_told_again(self):
        ns = self.namespace()
        echo = self.server(ECHO, "127.0.0.1", within=ns)
        path = self.dir / "lost.pcapng"
        c = Capture(path, "-i", "lo", "-f", "tcp", within=ns)
        c.process.send_signal(signal.SIGSTOP)
        try:
            ns.run("python3", "-c", MANY_FLOWS, check=True)
            client = self.start(
                ns.argv("python3", "-c", CLIENT, "127.0.0.1", echo.told),
                stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            self.assertEqual(client.stdout.readline(), "connected\n")
        finally:
            size = path.stat().st_size
            c.process.send_signal(signal.SIGCONT)
        # The ring is full until the first packets are written, and what is
        # lost for good is told again a little later.
        for n in range(10, 30):
            c.wait_to_grow(size)
            size = path.stat().st_size
            client.stdin.write(f"late {n}\n")
            client.stdin.flush()
            self.assertEqual(client.stdout.readline(), "sent\n")
        client.stdin.close()
        client.wait()
        client.stdout.close()
        _, said = c.stop()
        self.assertIn("kernel events were lost", said)
        rows = self.rows(path, "proc.src.pid", "proc.dst.pid",
                         where="tcp.len == 8")
        pids = {str(client.pid), str(echo.pid)}
        self.assertGreaterEqual(len(rows), 40)
        for row in rows:
            self.assertLessEqual(set(row), pids | {""})
        # One of them may have read the very last too late.
        self.assertIn(pids, [set(row) for row in rows[-10:]])

    def test_what_a_firewall_drops_was_not_delivered(self):
        near, far = self.pair()
        world.need("nft")
        self.server(LISTENERS, within=near)
        near.run("nft", "add table inet wall; add chain inet wall in "
                 "{ type filter hook input priority 0; policy accept; }; "
                 "add rule inet wall in meta l4proto { tcp, udp } drop",
                 check=True)
        c = self.capture("firewall", near, "-f", "tcp or udp port 5353 or 5354")
        far.run("python3", "-c", KNOCK, check=True)
        c.stop(settle=0.3)
        rows = self.rows(c.path, "tcp.dstport", "udp.dstport",
                         "proc.dst.attr", "proc.dst.reason", "proc.dst.name",
                         where="tcp.flags.syn == 1 || udp")
        self.assertEqual(len({tuple(r) for r in rows}), 4)
        for port, uport, attr, reason, name in rows:
            bound = (port or uport) in ("2222", "5353")
            self.assertEqual((attr, reason, name), (
                "kernel", "not-delivered" if bound else "no-socket", ""))

    def test_what_a_firewall_drops_of_a_flow_that_is_read(self):
        near, far = self.pair()
        world.need("nft")
        reader = self.start(near.argv("python3", "-c", READ_UNTIL_END, "5355"),
                            stdout=subprocess.PIPE)
        self.addCleanup(reader.stdout.close)
        self.assertEqual(reader.stdout.readline(), "bound\n")
        near.run("nft", "add table inet wall; add chain inet wall in "
                 "{ type filter hook input priority 0; policy accept; }; "
                 "add rule inet wall in ip dscp 1 drop", check=True)
        c = self.capture("partly", near, "-f", "udp port 5355")
        far.run("python3", "-c", MARK_SOME, NEAR, "5355", check=True)
        self.assertEqual(reader.wait(), 0)
        c.stop(settle=0.3)
        rows = self.rows(c.path, "ip.dsfield.dscp", "proc.dst.attr",
                         "proc.dst.reason", "proc.dst.pid", where="udp")
        self.assertEqual(len(rows), 101)
        for dscp, attr, reason, pid in rows[2:]:
            told = (attr, reason, pid)
            if dscp == "1":
                self.assertEqual(told, ("kernel", "not-delivered", ""))
            else:
                self.assertEqual(told, ("socket", "", str(reader.pid)))

    def test_datagrams_whose_checksum_is_wrong(self):
        """Of more than 68 bytes the kernel notices it when one is read."""
        near, far = self.pair()
        reader = self.start(near.argv("python3", "-c", READ_UNTIL_END, "5356"),
                            stdout=subprocess.PIPE)
        self.addCleanup(reader.stdout.close)
        self.assertEqual(reader.stdout.readline(), "bound\n")
        c = self.capture("checksum", near, "-f", "udp port 5356")
        ends = mac_of(near), mac_of(far)
        frames = []
        for size in (8, 60, 69, 400, 1401):
            right = udp_checksum(FAR, NEAR, udp(4000, 5356, bytes(size)))
            for summed in (0, right, right ^ 0x100):
                frames.append(ethernet(*ends, 0x0800, ipv4(
                    FAR, NEAR, 17, udp(4000, 5356, bytes(size), summed))))
        frames.append(ethernet(*ends, 0x0800, ipv4(
            FAR, NEAR, 17, udp(4000, 5356, b"end"))))
        inject(far, frames)
        self.assertEqual(reader.wait(), 0)
        c.stop(settle=0.3)
        rows = self.rows(c.path, "proc.dst.reason", "proc.dst.pid",
                         where="udp")
        read, refused = ("", str(reader.pid)), ("not-delivered", "")
        self.assertEqual(list(map(tuple, rows)),
                         [read, read, refused] * 5 + [read])

    def test_what_a_firewall_rejects_was_somebodys(self):
        """The datagram passed no hook: it is not said that nobody sent it."""
        near, _ = self.pair()
        world.need("nft")
        near.run("nft", "add table inet wall; add chain inet wall out "
                 "{ type filter hook output priority 0; policy accept; }; "
                 "add rule inet wall out udp dport 7 reject", check=True)
        c = self.capture("rejected", near, "-i", "lo")
        near.run("python3", "-c", REJECTED, check=True)
        c.stop(settle=0.3)
        rows = self.rows(c.path, "proc.dst.attr", "proc.dst.reason",
                         where="icmp.type == 3 || icmpv6.type == 1")
        self.assertEqual(set(rows), {("unknown", "no-socket")})

    def forged(self, near_port, far_port):
        """What this host refuses: a segment of the victim's connection."""
        segment = tcp(far_port, near_port, b"planted")
        inner = ipv4(FAR, NEAR, 6, segment)
        frame = bytes(12) + b"\x08\0" + inner
        vxlan = b"\x08\0\0\0\0\0\x07\0" + frame
        geneve = b"\0\0\x65\x58\0\0\x07\0" + frame
        other = "192.0.2.9"
        route = b"\x83\x07\x04" + socket.inet_aton(NEAR) + b"\0"
        yield 0x0800, ipv4(FAR, NEAR, 6, tcp(far_port, near_port, b""))
        yield 0x0800, ipv4(other, NEAR, 4, inner)
        yield 0x0800, ipv4(other, NEAR, 47, b"\0\0\x08\0" + inner)
        yield 0x0800, ipv4(other, NEAR, 17, udp(5000, 4789, vxlan))
        yield 0x0800, ipv4(other, NEAR, 17, udp(5000, 8472, vxlan))
        yield 0x0800, ipv4(other, NEAR, 17, udp(5000, 6081, geneve))
        yield 0x0800, ipv4(FAR, NEAR, 6, segment, route)
        yield 0x86dd, ipv6(f"::ffff:{FAR}", f"::ffff:{NEAR}", 6, segment)
        yield 0x86dd, ipv6(FAR6, NEAR6, 4, inner)

    def test_what_this_host_refuses_names_nobody(self):
        near, far = self.pair()
        echo = self.server(ECHO, NEAR, within=near)
        client = self.start(far.argv("python3", "-c", CLIENT, NEAR, echo.told),
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.assertEqual(client.stdout.readline(), "connected\n")
        c = self.capture("forged", near)
        port = int(far.run("sh", "-c", "ss -Htn | awk '{print $4}'"
                           ).stdout.strip().rpartition(":")[2])
        ends = mac_of(near), mac_of(far)
        sent = [ethernet(*ends, kind, packet)
                for kind, packet in self.forged(int(echo.told), port)]
        inject(far, sent)
        client.stdin.close()
        c.stop(settle=0.3)
        client.wait()
        client.stdout.close()
        rows = self.rows(c.path, "frame.protocols", "proc.dst.pid",
                         where='(frame contains "planted" || ip.id == 7) '
                               '&& !icmp && !icmpv6')
        self.assertEqual(len(rows), len(sent))
        for protocols, pid in rows:
            self.assertEqual(pid, "", protocols)

    def test_frames_have_readers(self):
        near, far = self.pair()
        # As networkd has a socket of the port, which it does not read.
        self.server(UNREAD, within=near)
        lldpd = self.server(FRAME_READER, str(0x88cc), "LLDP!", within=near)
        dhcp = self.server(FRAME_READER, str(0x0800), "OFFER", within=near)
        c = self.capture("frames", near, "-f", "ether proto 0x88cc or port 68")
        to, src = mac_of(near), mac_of(far)
        offer = ipv4(FAR, "192.0.2.50", 17, udp(67, 68, b"OFFER" + bytes(90)))
        beside = ipv4(FAR, NEAR, 17, udp(67, 68, b"OFFER" + bytes(91)))
        group = bytes.fromhex("0180c200000e")
        for _ in range(4):      # a busy machine may let one be read too late
            inject(far, [ethernet(group, src, 0x88cc,
                                  b"\x02\x07\x04LLDP!" + bytes(50)),
                         ethernet(to, src, 0x0800, offer),
                         ethernet(to, src, 0x0800, beside)])
            self.assertEqual(lldpd.stdout.readline(), "read\n")
            for _ in range(2):
                self.assertEqual(dhcp.stdout.readline(), "read\n")
        c.stop(settle=0.3)
        rows = self.rows(c.path, "proc.src.pid", "proc.direction", "ip.dst",
                         "proc.dst.pid", "proc.dst.attr", where="eth")
        named = [("", "in", "", str(lldpd.pid), "socket"),
                 ("", "in", "192.0.2.50", str(dhcp.pid), "socket"),
                 ("", "in", NEAR, str(dhcp.pid), "socket")]
        self.assertEqual([row[:3] for row in rows],
                         [row[:3] for row in named] * 4)
        self.assertLessEqual(set(named), set(rows))
        for row in set(rows) - set(named):
            self.assertEqual(row[3], "", rows)

    def test_who_only_listens_reads_nothing(self):
        """A sniffer has a copy of what is the kernel's or another's; who
        asked by a frame of its own reads the answer."""
        near, far = self.pair()
        sniffer = self.server(LISTENER, "", within=near)
        c = self.capture("listens", near)
        asker = self.server(LISTENER, "asks", within=near)
        near.run("ping", "-c", "2", "-i", "0.1", FAR, check=True)
        far.run("ping", "-c", "2", "-i", "0.1", NEAR, check=True)
        answer = ethernet(mac_of(near), mac_of(far), 0x88b5,
                          b"answer" + bytes(50))
        for _ in range(4):      # a busy machine may let one be read too late
            inject(far, [answer])
            self.assertEqual(asker.stdout.readline(), "read\n")
            self.assertEqual(sniffer.stdout.readline(), "read\n")
        c.stop(settle=0.3)
        rows = self.rows(c.path, "eth.type", "icmp.type", "proc.dst.pid",
                         "proc.dst.attr", "proc.dst.reason", where="eth")
        self.assertIn(("0x88b5", "", str(asker.pid), "socket", ""), rows)
        self.assertIn(("0x0800", "8", "", "kernel", "icmp"), rows)
        self.assertIn(("0x0806", "", "", "kernel", "not-ip"), rows)
        for row in rows:
            self.assertNotEqual(row[2], str(sniffer.pid), row)
            if row[0] != "0x88b5":
                self.assertNotEqual(row[2], str(asker.pid), row)

    def nobody(self, path, where, count):
        """What is said of those ends: it must not be "the kernel"."""
        found = [end for row in self.rows(
                     path, "proc.src.attr", "proc.src.reason",
                     "proc.dst.attr", "proc.dst.reason", where=where)
                 for end in (tuple(row[:2]), tuple(row[2:]))
                 if end != ("", "")]
        self.assertGreaterEqual(len(found), count)
        return set(found)

    def test_a_container_sees_a_part_of_the_cgroups(self):
        """Who is outside has no hooks, and a socket all the same."""
        root = cgroup_root()
        part = root / f"pktwho{os.getpid()}"
        part.mkdir()
        self.addCleanup(remove_cgroup, part)
        near, _ = self.pair()
        mounts = self.dir / "cgroups"
        mounts.mkdir()
        c = Capture(self.dir / "container.pcapng", "-i", "veth0", "-f",
                    "udp port 5353",
                    wrap=("sh", "-c", INSIDE, "sh", part, near.name, mounts))
        near.run("python3", "-c", ASK_ONCE, FAR, check=True)
        status, said = c.stop(settle=0.3)
        self.assertEqual(status, 0)
        self.assertEqual(said.count("this container's cgroup"), 1, said)
        self.assertEqual(self.nobody(c.path, "udp", 5),
                         {("unknown", "no-socket")})

    def test_a_process_that_decides_about_packets(self):
        """It may hold for seconds what its socket then gets."""
        ns = self.namespace()
        firewall = self.start(ns.argv("python3", "-c", FIREWALL),
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(firewall.stdout.close)
        if firewall.stdout.readline() != "0\n":
            self.skipTest("this kernel has no NFQUEUE")
        path = self.dir / "nfqueue.pcapng"
        c = Capture(path, "-i", "lo", within=ns)
        knock = ("import socket; socket.socket(socket.AF_INET, "
                 "socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 5354))")
        ns.run("python3", "-c", knock)
        self.assertEqual(c.stop()[0], 0)
        self.assertEqual(
            self.rows(path, "proc.dst.attr", "proc.dst.reason",
                      where="udp.dstport == 5354 && !icmp"),
            [("unknown", "no-socket")])

    def test_hooks_that_somebody_detached(self):
        world.need("bpftool")
        near, _ = self.pair()
        c = self.capture("detached", near, "-f", "udp port 5353")
        near.run("python3", "-c", ASK_ONCE, FAR, check=True)
        for link_id in cgroup_links(c.process.pid):
            done = world.run("bpftool", "link", "detach", "id", link_id)
            self.assertEqual(done.returncode, 0, done.stderr)
        c.hear("somebody has detached eBPF programs")
        near.run("python3", "-c", ASK_ONCE, FAR, check=True)
        status, said = c.stop(settle=0.3)
        self.assertEqual(status, 1, said)
        self.assertIn("10 packets, 0 dropped, hooks were detached\n", said)
        rows = self.rows(c.path, "proc.src.attr", "proc.src.reason",
                         where="udp")
        self.assertEqual(rows, [("socket", "")] * 5 + [("unknown", "lost")] * 5)

    def test_what_a_filter_leaves_out_unnamed_is_counted(self):
        """Whoever was asked for may have sent it."""
        ns = self.namespace()
        path = self.dir / "left-out.pcapng"
        c = Capture(path, "-i", "lo", "--proc", "nobody-has-this", within=ns,
                    wrap=world.WITHOUT_EBPF)
        ask = ("import socket; s = socket.socket(socket.AF_INET, "
               "socket.SOCK_DGRAM); s.sendto(b'x', ('127.0.0.1', 5354))")
        ns.run("python3", "-c", ask)
        status, said = c.stop(settle=0.3)
        self.assertEqual(status, 0, said)
        left_out = re.search(
            r"\n?pktwho: 0 packets, 0 dropped, (\d+) left out, owner not "
            r"known", said)
        self.assertTrue(left_out, said)
        self.assertIn(b" left_out_unnamed=" + left_out[1].encode(),
                      path.read_bytes())

    def test_ports_that_are_cut(self):
        """Only in the file: owners are found before that."""
        near, far = self.pair()
        self.server(LISTENERS, within=near)
        c = self.capture("cut", near, "-s", "34", "-f", "tcp or udp")
        far.run("python3", "-c", KNOCK, check=True)
        self.assertEqual(c.stop(settle=0.3)[0], 0)
        for family in "ip", "ipv6":
            found = self.nobody(c.path, family, 6)
            self.assertNotIn(("unknown", "malformed"), found)
            self.assertIn(("kernel", "no-socket"), found)
        self.assertEqual(
            set(self.rows(c.path, "frame.cap_len", where="ip")), {("34",)})

    def test_ports_behind_many_headers(self):
        """Of IPv6: each of two readers gets its own, behind up to 32."""
        near, far = self.pair()
        readers = {}
        for port in (7001, 7002):
            reader = self.start(
                near.argv("python3", "-c", READ_ONE_PORT, port),
                stdout=subprocess.PIPE)
            self.addCleanup(reader.stdout.close)
            self.assertEqual(reader.stdout.readline(), "bound\n")
            readers[port] = reader
        c = self.capture("headers", near, "-f", "ip6 proto 60 or udp")
        ends = mac_of(near), mac_of(far)
        counts = (0, 5, 8, 12, 20, 30, 40)
        frames = []
        for count in counts:
            for port in readers:
                data = b"end" if count == counts[-1] else b"%03d" % count
                summed = udp_checksum(FAR6, NEAR6, udp(4000, port, data))
                packet = udp(4000, port, data, summed)
                for header in range(count):
                    last = header == 0
                    packet = bytes((17 if last else 60, 0, 1, 4, 0, 0, 0, 0)
                                   ) + packet
                frames.append(ethernet(*ends, 0x86dd, ipv6(
                    FAR6, NEAR6, 60 if count else 17, packet)))
        inject(far, frames)
        for reader in readers.values():
            self.assertEqual(reader.stdout.read().split(),
                             [f"{count:03}" for count in counts[:-1]])
            self.assertEqual(reader.wait(), 0)
        c.stop(settle=0.3)
        rows = self.rows(c.path, "udp.dstport", "proc.dst.pid",
                         "proc.dst.reason", where="udp && !icmpv6")
        self.assertEqual(list(map(tuple, rows)), [
            (str(port), "", "malformed") if count == 40 else
            (str(port), str(reader.pid), "")
            for count in counts for port, reader in readers.items()])

    def test_what_the_kernel_answers_in_two_namespaces(self):
        """A socket of each processor does so, for all of them in turn."""
        near, far = self.pair()
        c = self.capture("answers", near)
        for asker, addresses in ((far, (NEAR, NEAR6)), (near, (FAR, FAR6))):
            for address in addresses:
                asker.run("taskset", "-c", "0", "ping", "-c", "1", address,
                          check=True)
                asker.run("taskset", "-c", "0", "python3", "-c", REFUSED,
                          address, check=True)
        c.stop(settle=0.3)
        rows = self.rows(c.path, "proc.src.attr", "proc.src.reason",
                         "proc.dst.name", where="icmp.type == 0 || "
                         "icmpv6.type == 129 || tcp.flags.reset == 1")
        told = [("kernel", "icmp", "ping"), ("kernel", "reset", "python3")] * 4
        # No hook sees an RST over IPv6: another namespace's is another host's.
        told[-1] = "", "", "python3"
        self.assertEqual(rows, told)

    def test_translations_that_nobody_may_ask_for(self):
        world.need("nft")
        near, _ = self.pair()
        near.run("nft", "add table ip t; add chain ip t o { type nat hook "
                 "output priority -100; }; add rule ip t o udp dport 5353 "
                 "dnat to 192.0.2.2:5354", check=True)
        c = self.capture(
            "untold", near, "-f", "udp",
            wrap=("setpriv", "--bounding-set=-net_admin",
                  "--inh-caps=-net_admin"))
        near.run("python3", "-c", ASK_ONCE, "192.0.2.9", check=True)
        status, said = c.stop(settle=0.3)
        self.assertEqual(status, 0, said)
        self.assertEqual(said.count("CAP_NET_ADMIN"), 1, said)
        self.assertNotIn("kernel", {attr for attr, _ in
                                    self.nobody(c.path, "udp", 5)})

    def test_a_clock_that_is_set(self):
        """What is seen before and after keeps its owner."""
        near, _ = self.pair()
        for by in ("3600", "-3600"):
            when = self.dir / f"set{by}"
            when.touch()
            env = {"LD_PRELOAD": SET_CLOCK, "SET_CLOCK_BY": by,
                   "SET_CLOCK_WHEN": str(when)}
            c = self.capture(when.name, near, "-f", "udp port 5353",
                             wrap=("env", *map("=".join, env.items())))
            near.run("python3", "-c", ASK_ONCE, FAR, check=True)
            when.write_text("now")
            near.run("python3", "-c", ASK_ONCE, FAR, check=True)
            c.hear(f"the clock was set by {float(by):+.0f}")
            near.run("python3", "-c", ASK_ONCE, FAR, check=True)
            self.assertEqual(c.stop(settle=0.3)[0], 0)
            rows = self.rows(c.path, "proc.src.name", "proc.src.attr",
                             where="udp")
            self.assertEqual(rows, [("python3", "socket")] * 15, by)

    def tunnel(self, *kind):
        near, far = self.pair()
        for host, local, remote, inner in ((near, NEAR, FAR, 1),
                                           (far, FAR, NEAR, 2)):
            where = ["remote", remote]
            if kind[0] == "vxlan":
                where += ["local", local]
            done = host.run("ip", "link", "add", "inner", "type", kind[0],
                            "id", "7", *where, *kind[1:])
            if done.returncode:
                world.skip(f"no {kind[0]}: {done.stderr.strip()}")
            host.ip("addr", "add", f"203.0.113.{inner}/24", "dev", "inner")
            host.ip("link", "set", "inner", "up")
        return near, far

    def check_tunnel(self, port, *kind):
        near, far = self.tunnel(*kind)
        echo = self.server(ECHO, "203.0.113.2", within=far)
        c = self.capture(f"tunnel{port}", near, "-f", f"udp port {port}")
        client = self.start(
            near.argv("python3", "-c", CLIENT, "203.0.113.2", echo.told),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.assertEqual(client.stdout.readline(), "connected\n")
        client.stdin.close()
        client.wait()
        client.stdout.close()
        c.stop(settle=0.3)
        # Beside the connection there are only neighbours' questions.
        named = self.rows(c.path, "proc.src.pid", "proc.dst.pid",
                          where="proc.pid")
        self.assertGreaterEqual(len(named), 5)
        for row in named:
            self.assertLessEqual(set(row),
                                 {str(client.pid), str(echo.pid), ""})

    def test_vxlan_on_the_port_of_the_kernel(self):
        self.check_tunnel(8472, "vxlan", "dstport", "8472")


if __name__ == "__main__":
    sys.argv[3:4] = []
    world.main()
