# SPDX-License-Identifier: GPL-3.0-or-later
"""What is no use of a socket, and uses that go by another way: each packet
names who sent it and who read it, as the programs say themselves."""
import os
import socket
import subprocess

import world
from world import Capture

FIREWALL = world.TESTS / "attribution" / "chaos" / "firewall.py"

# Each program makes its own pair, prints its port, and for each datagram or
# segment what it carried, who sent it and who read it.
COMMON = """
import ctypes, os, socket, struct, sys
libc = ctypes.CDLL(None)
def pair():
    r = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    r.bind(("127.0.0.1", 0))
    r.settimeout(10)
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.connect(r.getsockname())
    print(r.getsockname()[1], flush=True)
    return s, r
def note(data, sender, reader):
    print(data.decode().rstrip("."), sender, reader, flush=True)
def wait():
    sys.stdin.readline()
"""

# One who only looks at a connection, and passes it to who reads.
PEEKER = COMMON + """
l = socket.create_server(("127.0.0.1", 0))
print(l.getsockname()[1], flush=True)
wait()
here, there = socket.socketpair()
if not os.fork():
    for _ in range(20):
        c = socket.socket(fileno=socket.recv_fds(there, 1, 1)[1][0])
        note(c.recv(100), os.getppid(), os.getpid())
        there.send(b"x")
    os._exit(0)
for i in range(20):
    client = socket.create_connection(l.getsockname())
    c = l.accept()[0]
    client.send(b"%03d" % i)
    c.recv(100, socket.MSG_PEEK)
    socket.send_fds(here, [b"x"], [c.fileno()])
    c.close()
    here.recv(1)
"""

# Two processes of one table of descriptors read in turn.
TABLE = COMMON + """
s, r = pair()
WAIT_FIRST
r.setblocking(False)
ask, done = os.pipe(), os.pipe()
CLONE_FILES, SIGCHLD, me = 0x400, 17, os.getpid()
if not libc.syscall(%d, CLONE_FILES | SIGCHLD, 0, 0, 0, 0):
    while os.read(ask[0], 1) == b"x":
        note(r.recv(100), me, os.getpid())
        os.write(done[1], b"y")
    os._exit(0)
WAIT_THEN
for i in range(40):
    s.send(b"%%03d" %% i)
    if i %% 2:
        note(r.recv(100), me, me)
    else:
        os.write(ask[1], b"x")
        os.read(done[0], 1)
os.write(ask[1], b"z")
os.wait()
""" % {"x86_64": 56, "aarch64": 220}[os.uname().machine]
TABLE_OF_NOW = TABLE.replace("WAIT_FIRST", "wait()").replace("WAIT_THEN", "")
TABLE_OF_BEFORE = TABLE.replace("WAIT_FIRST", "").replace("WAIT_THEN", "wait()")

# One writes, another lets it go.
CORK = COMMON + """
UDP_CORK, me = 1, os.getpid()
s, r = pair()
wait()
ask, done = os.pipe(), os.pipe()
if not os.fork():
    while os.read(ask[0], 1) == b"x":
        s.setsockopt(socket.IPPROTO_UDP, UDP_CORK, 0)
        os.write(done[1], b"y")
    os._exit(0)
for i in range(40):
    s.setsockopt(socket.IPPROTO_UDP, UDP_CORK, 1)
    s.send(b"%03d" % i)
    os.write(ask[1], b"x")
    os.read(done[0], 1)
    note(r.recv(100), me, me)
os.write(ask[1], b"z")
os.wait()
"""

# The same by an empty send, which makes the other one of two senders.
UNCORK = CORK.replace("s.setsockopt(socket.IPPROTO_UDP, UDP_CORK, 1)", "") \
    .replace('b"%03d" % i', 'b"%03d" % i, socket.MSG_MORE') \
    .replace("s.setsockopt(socket.IPPROTO_UDP, UDP_CORK, 0)", 's.send(b"")')

# A child sends by io_submit() on its parent's socket.
AIO = COMMON + """
import select
class iocb(ctypes.Structure):
    _fields_ = [("data", ctypes.c_uint64), ("key", ctypes.c_uint32),
                ("rw", ctypes.c_uint32), ("op", ctypes.c_uint16),
                ("prio", ctypes.c_int16), ("fd", ctypes.c_uint32),
                ("buf", ctypes.c_uint64), ("n", ctypes.c_uint64),
                ("off", ctypes.c_int64), ("reserved", ctypes.c_uint64),
                ("flags", ctypes.c_uint32), ("resfd", ctypes.c_uint32)]
SETUP, SUBMIT = %s
PWRITE = 1
s, r = pair()
wait()
for i in range(40):
    data = b"%%03d" %% i
    if i %% 2:
        s.send(data)
        note(r.recv(100), os.getpid(), os.getpid())
        continue
    child = os.fork()
    if not child:
        context = ctypes.c_ulong(0)
        libc.syscall(SETUP, 4, ctypes.byref(context))
        bytes = ctypes.create_string_buffer(data, len(data))
        one = iocb(op=PWRITE, fd=s.fileno(), n=len(data),
                   buf=ctypes.addressof(bytes))
        list = (ctypes.c_void_p * 1)(ctypes.addressof(one))
        libc.syscall(SUBMIT, context, 1, list)
        select.select([r], [], [], 10)
        os._exit(0)
    os.waitpid(child, 0)
    note(r.recv(100), child, os.getpid())
""" % {"x86_64": (206, 209), "aarch64": (0, 2)}[os.uname().machine].__repr__()

# A server whose socket is inherited has one of their own for its peers, as those
# of DTLS do: a child each binds to the same port, connects, and speaks first.
PEERS = COMMON + """
def socket_of(port):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("127.0.0.1", port))
    return s
server, me = socket_of(0), os.getpid()
port = server.getsockname()[1]
print(port, flush=True)
wait()
for i in range(5):
    client = socket_of(0)
    has_read, reads = os.pipe()
    child = os.fork()
    if not child:
        os.read(has_read, 1)
        own = socket_of(port)
        own.connect(client.getsockname())
        own.send(b"hello")
        for _ in range(8):
            note(own.recv(100), me, os.getpid())
            own.send(b"more")
        os._exit(0)
    client.sendto(b"%03d" % (10 * i), ("127.0.0.1", port))
    note(server.recv(100), me, me)
    os.write(reads, b"x")
    for n in range(1, 9):
        client.recv(100)
        client.sendto(b"%03d" % (10 * i + n), ("127.0.0.1", port))
    os.waitpid(child, 0)
"""

# Each child sends one by a ring of io_uring, after a time, when it waits already.
RING = COMMON + """
import mmap, time
SETUP, ENTER = 425, 426
TIMEOUT, SEND, LINK, FINE = 11, 26, 4, 32
def send_later(fd, data):
    p = ctypes.create_string_buffer(120)
    ring = libc.syscall(SETUP, 4, p)
    assert ring >= 0, "no io_uring"
    array, = struct.unpack_from("I", p, 40 + 24)
    tail, = struct.unpack_from("I", p, 40 + 4)
    q = mmap.mmap(ring, 4096)
    entries = mmap.mmap(ring, 4096, offset=0x10000000)
    bytes = ctypes.create_string_buffer(data, len(data))
    span = ctypes.create_string_buffer(struct.pack("QQ", 0, 2000000))
    entries[:48] = struct.pack("BBHiQQIIQQ", TIMEOUT, LINK, 0, -1, 0,
                               ctypes.addressof(span), 1, FINE, 0, 0)
    entries[64:112] = struct.pack("BBHiQQIIQQ", SEND, 0, 0, fd, 0,
                                  ctypes.addressof(bytes), len(data), 0, 0, 0)
    struct.pack_into("II", q, array, 0, 1)
    struct.pack_into("I", q, tail, 2)
    assert libc.syscall(ENTER, ring, 2, 0, 0, None, 0) == 2
    time.sleep(0.02)
s, r = pair()
wait()
for i in range(40):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.connect(r.getsockname())
    child = os.fork()
    if not child:
        send_later(s.fileno(), b"%03d" % i)
        os._exit(0)
    note(r.recv(100), child, os.getpid())
    os.waitpid(child, 0)
"""

# A raw socket is the only one that hears the datagrams.
RAW = COMMON + """
raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
print(9, flush=True)
wait()
for i in range(20):
    s.sendto(b"%03d" % i, ("127.0.0.1", 9))
    note(raw.recv(100)[28:], os.getpid(), os.getpid())
"""

# Two send on one socket in turn.
TURNS = COMMON + """
s, r = pair()
wait()
ask, done, me = os.pipe(), os.pipe(), os.getpid()
child = os.fork()
if not child:
    while (data := os.read(ask[0], 3)) != b"end":
        s.send(data)
        os.write(done[1], b"y")
    os._exit(0)
for i in range(40):
    data = b"%03d" % i
    if i % 2:
        s.send(data)
    else:
        os.write(ask[1], data)
        os.read(done[0], 1)
    note(r.recv(100), (child, me)[i % 2], me)
os.write(ask[1], b"end")
os.wait()
"""

# What it reads it has sent itself, as another.
RENAMED = """
import ctypes, os, socket, sys
libc = ctypes.CDLL(None)
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1], flush=True)
sys.stdin.readline()
for i in range(20):
    os.seteuid(0)
    libc.prctl(15, b"sender")
    s.sendto(b"x", s.getsockname())
    os.seteuid(65534)
    libc.prctl(15, b"reader")
    s.recv(100)
"""

# Its first datagram waits for the address of a neighbour.
WAITS = """
import ctypes, socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
ctypes.CDLL(None).prctl(15, b"former")
s.sendto(b"0", ("192.0.2.2", 9))
ctypes.CDLL(None).prctl(15, b"latter")
print(flush=True)
sys.stdin.readline()
for i in range(5):
    s.sendto(b"%d" % (i + 1), ("192.0.2.2", 9))
"""

# It takes another name before it has read all of a burst.
BURST = """
import ctypes, socket, sys
libc = ctypes.CDLL(None)
r, s = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
r.bind(("127.0.0.1", 0))
s.connect(r.getsockname())
print(r.getsockname()[1], flush=True)
libc.prctl(15, b"former")
sys.stdin.readline()
s.send(b"000")
r.recv(100)
for i in range(1, 200):
    s.send(b"%03d" % i)
for i in range(1, 40):
    r.recv(100)
libc.prctl(15, b"latter")
for i in range(40, 200):
    r.recv(100)
"""

# One process sends and reads as the user of each request, on sockets of its own.
USERS = COMMON + """
sockets = [pair() for _ in range(3)]
for s, r in sockets[1:]:
    s.connect(sockets[0][1].getsockname())
wait()
for i in range(60):
    os.seteuid(0)
    user = (0, 33, 65534)[i * i % 7 % 3]
    os.seteuid(user)
    sockets[i * i % 11 % 3][0].send(b"%03d" % i)
    os.seteuid(0)
    os.seteuid((65534, 0, 33)[i % 3])
    note(sockets[0][1].recv(100), user, (65534, 0, 33)[i % 3])
"""


class Uses(world.LiveTest):
    def behind_a_firewall(self):
        """A namespace where a process decides about all that is sent."""
        ns = self.namespace()
        firewall = self.start(ns.argv("python3", FIREWALL, 7),
                              stdout=subprocess.PIPE)
        self.addCleanup(firewall.stdout.close)
        if firewall.stdout.readline() != "ready\n" or \
                ns.run("iptables-legacy", "-A", "OUTPUT", "-j", "NFQUEUE",
                       "--queue-num", "7").returncode:
            self.skipTest("no NFQUEUE")
        return ns

    def check(self, program, kind="udp", unknown=0, ns=None):
        """@unknown: as many of them may be so."""
        ns = ns or self.namespace()
        p = self.start(ns.argv("python3", "-c", program),
                       stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        port = int(p.stdout.readline())
        path = self.dir / f"{self.id()}.pcapng"
        c = Capture(path, "-i", "lo", "-f", f"{kind} port {port}", within=ns)
        p.stdin.write("go\n")
        p.stdin.close()
        truth = {data: pids for data, *pids in map(str.split, p.stdout)}
        self.assertEqual(p.wait(), 0)
        c.stop()
        rows = self.rows(path, f"{kind}.payload", "proc.src.pid",
                         "proc.dst.pid", "proc.dst.attr",
                         where=f"{kind}.dstport == {port} && {kind}.payload")
        # Read too late on a busy machine it is who holds the socket.
        told = {bytes.fromhex(data).decode():
                (src, dst if attr == "socket" else "")
                for data, src, dst, attr in rows}
        self.assertEqual(told.keys(), truth.keys())
        for end in 0, 1:
            named = {d: pids[end] for d, pids in told.items() if pids[end]}
            self.assertLessEqual(
                named.items(), {d: t[end] for d, t in truth.items()}.items())
            self.assertGreaterEqual(len(named), len(truth) - unknown)

    def test_who_only_peeks(self):
        self.check(PEEKER, "tcp", unknown=10)

    def test_two_of_one_table_of_descriptors(self):
        self.check(TABLE_OF_NOW, unknown=8)

    def test_one_table_since_before_the_capture(self):
        self.check(TABLE_OF_BEFORE, unknown=8)

    def test_who_uncorks_what_another_wrote(self):
        self.check(CORK)

    def test_who_lets_go_by_a_send_what_another_wrote(self):
        self.check(UNCORK, unknown=39)

    def test_a_sender_by_io_submit(self):
        self.check(AIO, unknown=20)

    def test_a_socket_for_each_peer(self):
        self.check(PEERS, unknown=10)

    def test_a_sender_by_a_ring_that_waited(self):
        self.check(RING)

    def test_a_raw_reader_of_datagrams(self):
        self.check(RAW)

    def test_what_waits_while_its_sender_is_renamed(self):
        near, far = self.namespace(), self.namespace()
        world.link(near, far, ("192.0.2.1/24", "192.0.2.2/24"))

        def answers(how):
            far.run("sysctl", f"net.ipv4.conf.all.arp_ignore={how}",
                    check=True)

        near.run("sysctl", "net.ipv4.neigh.veth0.retrans_time_ms=50",
                 check=True)
        answers(8)
        path = self.dir / "waits.pcapng"
        c = Capture(path, "-i", "veth0", "-f", "udp port 9", within=near)
        p = self.start(near.argv("python3", "-c", WAITS),
                       stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        p.stdout.readline()
        answers(0)
        world.wait_for(lambda: "REACHABLE" in near.run(
            "ip", "neigh", "show", "192.0.2.2").stdout, "neighbour")
        p.communicate("go\n")
        c.stop()
        told = dict(self.rows(path, "data.data", "proc.src.name",
                              where="udp.dstport == 9"))
        self.assertIn(told.pop("30"), ("former", ""))
        self.assertEqual(told, {f"3{n}": "latter" for n in range(1, 6)})

    def test_a_burst_that_is_read_under_two_names(self):
        ns = self.namespace()
        p = self.start(ns.argv("python3", "-c", BURST),
                       stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        port = int(p.stdout.readline())
        path = self.dir / "burst.pcapng"
        c = Capture(path, "-i", "lo", "-f", f"udp port {port}", within=ns)
        p.communicate("go\n")
        c.stop()
        told = {int(bytes.fromhex(data)): name for data, name in
                self.rows(path, "data.data", "proc.dst.name", where="udp")}
        wrong = {i: name for i, name in told.items()
                 if name not in ("", "former" if i < 40 else "latter")}
        self.assertEqual((len(told), wrong), (200, {}))
        self.assertGreater(sum(map(bool, told.values())), 190)

    def test_two_senders_behind_a_firewall(self):
        self.check(TURNS, ns=self.behind_a_firewall())

    def test_a_ring_behind_a_firewall(self):
        self.check(RING, ns=self.behind_a_firewall())

    def test_a_process_that_acts_as_several_users_in_turn(self):
        self.check_users(self.namespace())

    def test_several_users_behind_a_firewall(self):
        self.check_users(self.behind_a_firewall())

    def check_users(self, ns):
        p = self.start(ns.argv("python3", "-c", USERS),
                       stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        port = [int(p.stdout.readline()) for _ in range(3)][0]
        path = self.dir / "users.pcapng"
        c = Capture(path, "-i", "lo", "-f", f"port {port}", within=ns)
        truth = {tuple(line.split()) for line in p.communicate("go\n")[0]
                 .splitlines()}
        c.stop()
        told = {(bytes.fromhex(data).decode(), *users)
                for data, *users in self.rows(path, "udp.payload", "proc.src.uid",
                                              "proc.dst.uid", where="udp")}
        self.assertEqual(told, truth)

    def test_a_reader_that_was_another_when_it_sent(self):
        ns = self.namespace()
        p = self.start(ns.argv("python3", "-c", RENAMED),
                       stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        port = int(p.stdout.readline())
        path = self.dir / "renamed.pcapng"
        c = Capture(path, "-i", "lo", "-f", f"port {port}", within=ns)
        p.communicate("go\n")
        c.stop()
        fields = [f"proc.{end}.{field}" for end in ("src", "dst")
                  for field in ("name", "uid")]
        told = [("sender", "0", "reader", "65534")] * 20
        self.assertEqual(self.rows(path, *fields, where="udp"), told)
        for who in "sender", "reader":
            some = self.dir / f"{who}.pcapng"
            world.run(world.PKTWHO, "cut", "--proc", who, "-w", some, path)
            some.chmod(0o644)
            self.assertEqual(self.rows(some, *fields, where="udp"), told)


if __name__ == "__main__":
    world.main()
