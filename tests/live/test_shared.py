# SPDX-License-Identifier: GPL-3.0-or-later
"""Several processes on one socket, several sockets on one port: each packet
names who sent and who read it.  The payload says the truth."""
import os
import socket
import subprocess
import time

import world
from world import Capture

FIELDS = ("udp.payload", "proc.src.pid", "proc.dst.pid", "proc.src.attr",
          "proc.dst.attr")

# Two processes send through one inherited socket, as fast as they can.
SENDERS = """
import os, socket, sys
s = socket.socket(socket.AF_INET6 if ':' in sys.argv[1] else socket.AF_INET,
                  socket.SOCK_DGRAM)
s.bind((sys.argv[1], 0))
to = (sys.argv[1], int(sys.argv[2]))
child = os.fork()
for i in range(1500):
    s.sendto(b'%d %d' % (os.getpid(), i), to)
if child:
    os.waitpid(child, 0)
"""

# One process of those on a port: prints what it read, ends at "end".
READER = """
import os, socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind((sys.argv[1], int(sys.argv[2])))
print('bound', flush=True)
while True:
    data = s.recv(100)
    print(os.getpid(), data.decode(), flush=True)
    if data.endswith(b'end'):
        break
"""

# The child sends on the connection; its parent only asks for the peer.
ASKER = """
import os, socket, sys
c = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
child = os.fork()
if not child:
    for i in range(300):
        c.sendall(b'%d ' % os.getpid())
    os._exit(0)
while os.waitpid(child, os.WNOHANG) == (0, 0):
    c.getpeername()
    c.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 100)
print(child)
"""

# Binds or accepts, forks, and lets the two read in turn.
HEIRS = """
import os, socket, sys
address, kind = sys.argv[1:]
family = socket.AF_INET6 if ":" in address else socket.AF_INET
if kind == "tcp":
    s = socket.create_server((address, 0), family=family)
else:
    s = socket.socket(family, socket.SOCK_DGRAM)
    s.bind((address, 0))
print(s.getsockname()[1], flush=True)
if kind == "tcp":
    s = s.accept()[0]
turns = [os.pipe(), os.pipe()]
child = os.fork()
me = 0 if child else 1
if child:
    os.write(turns[0][1], b"x")
while os.read(turns[me][0], 1):
    data = s.recv(100)
    print(data.decode(), os.getpid(), flush=True)
    os.write(turns[1 - me][1], b"x")
    if data == b"end":
        os.kill(child or os.getppid(), 9)
        break
"""

# Fills the connection, takes another name, by exec or not, and writes more.
QUEUER = """
import ctypes, os, socket, sys
name = lambda n: ctypes.CDLL(None).prctl(15, n, 0, 0, 0)
c = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
name(b"before")
c.sendall(b"B" * 150000)
if sys.argv[2] == "exec":
    c.set_inheritable(True)
    os.execvp("python3", ["python3", "-c",
        "import socket; c = socket.socket(fileno=%d); print('queued', "
        "flush=True); input(); c.sendall(b'A' * 50000)" % c.fileno()])
name(b"after")
print("queued", flush=True)
input()
c.sendall(b"A" * 50000)
"""

# Takes another name and user between what it sends and reads, or writes; as
# does a worker that accepts where no hook sees it.
DAEMON = """
import ctypes, os, socket
name = lambda n: ctypes.CDLL(None).prctl(15, n, 0, 0, 0)
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
input()
name(b"before")
client = socket.create_connection(listener.getsockname())
server = listener.accept()[0]
other = socket.create_connection(listener.getsockname())
if not os.fork():
    accept4 = ctypes.CDLL(None).accept4
    mine = socket.socket(fileno=accept4(listener.fileno(), None, None, 0))
    name(b"worker")
    mine.send(b"worker")
    os._exit(0)
os.wait()
own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
own.bind(listener.getsockname())
own.sendto(b"itself", own.getsockname())
name(b"after")
os.setresuid(65534, 65534, 0)
own.recv(9)
client.send(b"up")
server.send(b"down")
"""

# Listens, and lets its child accept, a little after the request is there.
WORKER = """
import os, socket
s = socket.create_server(("127.0.0.1", 0), backlog=64)
print(os.getpid(), s.getsockname()[1], flush=True)
child = os.fork()
if child:
    os.waitpid(child, 0)
    os._exit(0)
print(os.getpid(), flush=True)
for _ in range(20):
    input()
    c = s.accept()[0]
    print(c.recv(100).decode(), flush=True)
    c.close()
"""

# Accepts, if not the child does, and lets that alone read, a little later.
FORKER = """
import os, socket, sys, time
s = socket.create_server((sys.argv[1], 0), backlog=64,
                         family=socket.AF_INET6 if ":" in sys.argv[1]
                         else socket.AF_INET)
deferred = sys.argv[2] == "deferred"
if deferred:
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 5)
print(os.getpid(), s.getsockname()[1], flush=True)
for n in range(20):
    c = None if deferred else s.accept()[0]
    child = os.fork()
    if not child:
        c = c or s.accept()[0]
        time.sleep(n % 3 * 0.004)
        print(c.recv(100).decode(), os.getpid(), flush=True)
        os._exit(0)
    if c:
        c.close()
    os.waitpid(child, 0)
"""

# Has a socket for the group of its own; reads when it is told to.
MEMBER = """
import os, socket, struct, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind((sys.argv[1], int(sys.argv[2])))
s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
             socket.inet_aton(sys.argv[1]) + socket.inet_aton("127.0.0.1"))
print(os.getpid(), flush=True)
for _ in sys.stdin:
    print(s.recv(100).decode(), flush=True)
"""

# Holds a socket for a service, which it starts when something comes.
MANAGER = """
import os, select, socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1], flush=True)
events = select.epoll()         # which holds no reference, unlike poll()
events.register(s, select.EPOLLIN)
data = b""
while data != b"end":
    events.poll()
    ready, done = os.pipe()
    if not os.fork():
        time.sleep(0.015)       # as programs take to start
        data = s.recv(100)
        print(data.decode(), os.getpid(), flush=True)
        os.write(done, data)
        os._exit(0)
    os.wait()
    data = os.read(ready, 100)
"""

# Holds a socket that it never reads: its child reads all that waits there.
# Two have the socket, and the younger reads long after the datagram came.
LATE = """
import os, select, socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 0))
child = os.fork()
if child:
    print(s.getsockname()[1], child, flush=True)
    sys.exit(os.wait()[1])
select.select([s], [], [])
time.sleep(0.12)
s.recv(100)
"""

# Hands its socket to a child, keeps nothing, and lives on; the child reads long
# after the data came.
GIVER = """
import os, socket, sys, time
kind, how = sys.argv[1:]
s = socket.socket(socket.AF_INET,
                  socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 0))
if kind == "tcp":
    s.listen()
print(s.getsockname()[1], flush=True)
here, there = socket.socketpair()
child = os.fork() if how == "pass" else None
if child == 0:
    s.close()
    time.sleep(0.5)
    socket.socket(fileno=socket.recv_fds(there, 1, 1)[1][0]).recv(100)
    os._exit(0)
if how == "wait":
    time.sleep(0.3)     # until the first has come
if kind == "tcp":
    listener, s = s, s.accept()[0]
    listener.close()
if how == "pass":
    socket.send_fds(here, [b"x"], [s.fileno()])
else:
    child = os.fork()
if child:
    if how in ("read", "wait"):
        s.recv(100)
    s.close()
    print(child, flush=True)
    sys.exit(os.wait()[1])
time.sleep(0.5)
s.recv(100)
"""

# Reads once, and when more has come forks or takes another name; what has come is
# read some time later.
INHERITED = """
import os, socket, sys, time
kind, how, after = sys.argv[1:]
udp = kind == "udp"
s = socket.socket(socket.AF_INET,
                  socket.SOCK_DGRAM if udp else socket.SOCK_STREAM)
s.bind(("127.0.0.1", 0))
if not udp:
    s.listen()
print(s.getsockname()[1], flush=True)
if not udp:
    s = s.accept()[0]
s.recv(5)
print("read", flush=True)
time.sleep(0.005)
if how == "rename":
    open("/proc/self/comm", "w").write("after")
if how == "fork":
    child = os.fork()
    if child:
        print(child, flush=True)
        sys.exit(os.wait()[1])
time.sleep(float(after))
for _ in range(5):
    s.recv(5, socket.MSG_WAITALL)
"""

# Listens, and leaves that to its child, which accepts nothing.
LEAVER = """
import os, socket, sys, time
s = socket.create_server(("127.0.0.1", 0))
if os.fork():
    os._exit(0)
time.sleep(0.1)
print(s.getsockname()[1], flush=True)
sys.stdin.read()
"""

# Tells its port, and after the word "end" when it has read which number.
STEADY_READER = """
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, 33, 16 << 20)    # SO_RCVBUFFORCE
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1], flush=True)
read = []
while (data := s.recv(100)) != b"end":
    read.append((data.decode(), time.time()))
for number, when in read:
    print(number, when)
"""

HOLDER = """
import os, socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1], flush=True)
input()
child = os.fork()
if child:
    print(child, flush=True)
    os.waitpid(child, 0)
else:
    for _ in range(150):
        s.recv(100)
    os._exit(0)
"""

# The child sends once, then its parent for as long as each packet was told,
# and some time after that.
LAST_SENDER = """
import os, socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.connect(("127.0.0.1", int(sys.argv[1])))
s.send(b"%d" % os.getpid())
child = os.fork()
if not child:
    s.send(b"%d" % os.getpid())
    os._exit(0)
os.waitpid(child, 0)
for _ in range(45):
    s.send(b"%d" % os.getpid())
    time.sleep(0.1)
"""

# Sends one datagram from a port of its own choice.
ONE_SENDER = """
import os, socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("192.0.2.1", 5001))
s.sendto(b"%d" % os.getpid(), ("192.0.2.2", 5000))
"""


class Shared(world.LiveTest):
    def payloads(self, path, port):
        for row in self.rows(path, *FIELDS, where=f"udp.dstport == {port}"):
            yield [bytes.fromhex(row[0]).decode(), *row[1:]]

    def check_senders(self, family, address):
        sink = socket.socket(family, socket.SOCK_DGRAM)
        self.addCleanup(sink.close)
        sink.bind((address, 0))
        port = sink.getsockname()[1]
        path = self.dir / f"{self.id()}.pcapng"
        c = Capture(path, "-i", "lo", "-f", f"udp port {port}")
        world.run("python3", "-c", SENDERS, address, str(port))
        c.stop()
        named = unknown = 0
        for data, src, _, attr, _ in self.payloads(path, port):
            if attr == "unknown":
                unknown += 1
                continue
            self.assertEqual(src, data.split()[0], data)
            named += 1
        self.assertEqual(named + unknown, 3000)
        # Those of the moment in which the second began.
        self.assertLessEqual(unknown, 60)

    def test_two_senders_on_one_socket(self):
        self.check_senders(socket.AF_INET, "127.0.0.1")

    def test_two_senders_on_one_socket_ipv6(self):
        self.check_senders(socket.AF_INET6, "::1")

    def read_by(self, path, port, truth):
        """Who only holds a socket whose packet is read too late reads none."""
        self.compare({data: dst if attr == "socket" else ""
                      for data, _, dst, _, attr in self.payloads(path, port)
                      if attr in ("socket", "unknown", "holder")}, truth)

    def compare(self, told, truth, least=0.7):
        """A busy machine may let a reader wait for longer than a packet is
        held: then it is unknown."""
        self.assertEqual(told.keys(), truth.keys())
        named = {data: pid for data, pid in told.items() if pid}
        self.assertLessEqual(named.items(), truth.items())
        self.assertGreater(len(named), least * len(truth))

    def send_to(self, kind, address, *program):
        """A program that prints its port, who sends to it, and a capture."""
        receiver = self.start(["python3", "-c", *program],
                              stdout=subprocess.PIPE)
        port = int(receiver.stdout.readline())
        c = Capture(self.dir / f"{self.id()}.pcapng", "-i", "lo", "-f",
                    f"{kind} port {port}")
        sender = socket.socket(
            socket.AF_INET6 if ":" in address else socket.AF_INET,
            socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM)
        self.addCleanup(sender.close)
        sender.connect((address, port))
        return receiver, port, sender, c

    def check_given(self, kind, how):
        """Who gave a socket away holds it no more, whoever reads it."""
        giver, port, sender, c = self.send_to(kind, "127.0.0.1", GIVER, kind,
                                              how)
        is_read = how in ("read", "wait")
        if is_read:
            sender.send(b"first")
        child = giver.stdout.readline().strip()
        time.sleep(0.05)        # until the capture knows, and all are closed
        sender.send(b"late")
        self.assertEqual(giver.wait(), 0)
        giver.stdout.close()
        c.stop()
        rows = self.rows(c.path, "proc.dst.pid", "proc.dst.attr",
                         where=f"{kind}.dstport == {port} && {kind}.payload")
        self.assertEqual(len(rows), 2 if is_read else 1)
        self.assertIn(rows[-1], [("", "unknown"), (child, "socket")])

    def test_a_connection_that_was_left_to_a_child(self):
        self.check_given("tcp", "fork")

    def test_a_socket_that_was_read_and_left(self):
        for kind in "udp", "tcp":
            with self.subTest(kind):
                self.check_given(kind, "read")

    def test_a_socket_that_was_left_after_its_only_packet(self):
        for kind in "udp", "tcp":
            with self.subTest(kind):
                self.check_given(kind, "wait")

    def test_a_connection_that_was_passed_on(self):
        self.check_given("tcp", "pass")

    def check_inherited(self, kind, how, after):
        """What waits is not who read before that, as it was then.  Returns the
        parent, its child, and who is told of what."""
        parent, port, sender, c = self.send_to(kind, "127.0.0.1", INHERITED,
                                               kind, how, str(after))
        self.addCleanup(parent.stdout.close)
        sender.send(b"first")
        self.assertEqual(parent.stdout.readline(), "read\n")
        for _ in range(5):
            sender.send(b"waits")
        child = parent.stdout.readline().strip()
        self.assertEqual(parent.wait(world.PATIENCE), 0)
        c.stop()
        rows = self.rows(c.path, "proc.dst.pid", "proc.dst.name",
                         "proc.dst.attr",
                         where=f"{kind}.dstport == {port} && {kind}.payload")
        self.assertGreater(len(rows), 1)
        self.assertEqual(rows[0][0], str(parent.pid))
        return str(parent.pid), child, set(rows[1:])

    def test_what_a_child_reads_late(self):
        for kind in "udp", "tcp":
            with self.subTest(kind):
                _, child, told = self.check_inherited(kind, "fork", 0.03)
                self.assertLessEqual(told, {(child, "python3", "socket"),
                                            ("", "", "unknown")})

    def test_what_many_children_read_late(self):
        """At once: events come long after the packets."""
        for kind in "udp", "tcp":
            with self.subTest(kind):
                self.check_many_inherited(kind)

    def check_many_inherited(self, kind):
        path = self.dir / f"many_{kind}.pcapng"
        ns = self.namespace()
        c = Capture(path, "-i", "lo", "-f", kind, within=ns)
        parents = [self.start(ns.argv("python3", "-c", INHERITED, kind, "fork",
                                      "0.03"), stdout=subprocess.PIPE)
                   for _ in range(40)]
        children = {}
        for parent in parents:
            self.addCleanup(parent.stdout.close)
            port = int(parent.stdout.readline())
            sender = ns.socket(socket.AF_INET, socket.SOCK_STREAM
                               if kind == "tcp" else socket.SOCK_DGRAM)
            self.addCleanup(sender.close)
            sender.connect(("127.0.0.1", port))
            sender.send(b"first")
            parent.stdout.readline()
            for _ in range(5):
                sender.send(b"waits")
            children[str(port)] = parent
        may_be = {}
        for port, parent in children.items():
            child = parent.stdout.readline().strip()
            may_be[port] = ((child, "socket"), ("", "unknown"),
                            (str(parent.pid), "holder"))
            parent.wait(world.PATIENCE)
        c.stop()
        rows = self.rows(path, f"{kind}.dstport", "proc.dst.pid",
                         "proc.dst.attr", where=f"{kind}.payload == 77:61:69:"
                         "74:73")
        self.assertGreater(len(rows), 40)
        for port, pid, attr in rows:
            self.assertIn((pid, attr), may_be[port])

    def test_what_a_child_reads_too_late(self):
        for kind in "udp", "tcp":
            with self.subTest(kind):
                *_, told = self.check_inherited(kind, "fork", 0.6)
                self.assertEqual(told, {("", "", "unknown")})

    def test_a_name_taken_before_what_waits_is_read(self):
        for kind in "udp", "tcp":
            with self.subTest(kind):
                reader, _, told = self.check_inherited(kind, "rename", 0.03)
                self.assertEqual(told, {(reader, "after", "socket")})

    def test_a_listener_that_was_left_to_a_child(self):
        """Who listened and has ended is not who listens."""
        path = self.dir / "left.pcapng"
        ns = self.namespace()
        c = Capture(path, "-i", "lo", within=ns)
        leaver = self.start(ns.argv("python3", "-c", LEAVER),
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(leaver.stdin.close)
        self.addCleanup(leaver.stdout.close)
        port = int(leaver.stdout.readline())
        client = ns.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.addCleanup(client.close)
        client.connect(("127.0.0.1", port))
        client.send(b"waits")
        c.stop(settle=0.3)
        rows = self.rows(path, "proc.dst.pid", "proc.dst.attr",
                         where=f"tcp.dstport == {port}")
        self.assertGreater(len(rows), 2)
        self.assertEqual(set(rows), {("", "unknown")})

    def test_a_service_that_starts_again(self):
        ns, port = self.namespace(), 4807
        sender = ns.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(sender.close)
        path = self.dir / "again.pcapng"
        c = Capture(path, "-i", "lo", "-f", f"udp port {port}", within=ns)
        truth = {}
        for n in range(5):
            reader = self.start(
                ns.argv("python3", "-c", READER, "127.0.0.1", port),
                stdout=subprocess.PIPE)
            self.assertEqual(reader.stdout.readline(), "bound\n")
            for word in (f"{n}.1", f"{n}.2", f"{n}.end"):
                sender.sendto(word.encode(), ("127.0.0.1", port))
                truth[word] = reader.stdout.readline().split()[0]
            reader.wait()
        c.stop()
        self.read_by(path, port, truth)

    def check_turns(self, kind, address):
        """Two heirs of a socket read in turn; each packet names its reader."""
        heirs, port, sender, c = self.send_to(kind, address, HEIRS, address,
                                              kind)
        truth = {}
        for word in [f"{n:03}" for n in range(40)] + ["end"]:
            sender.send(word.encode())
            data, pid = heirs.stdout.readline().split()
            self.assertEqual(data, word)
            truth[word] = pid
        self.assertEqual(len(set(truth.values())), 2)
        heirs.wait()
        heirs.stdout.close()
        c.stop()
        rows = self.rows(c.path, f"{kind}.payload", "proc.dst.pid",
                         where=f"{kind}.dstport == {port} && {kind}.payload")
        self.compare({bytes.fromhex(data).decode(): pid
                      for data, pid in rows}, truth)

    def test_readers_of_one_udp_socket_in_turn(self):
        self.check_turns("udp", "127.0.0.1")

    def test_readers_of_one_udp_socket_in_turn_ipv6(self):
        self.check_turns("udp", "::1")

    def test_readers_of_one_connection_in_turn(self):
        self.check_turns("tcp", "127.0.0.1")

    def test_who_reads_of_a_group(self):
        """Three sockets get each a copy, one of them is read."""
        group, port = "239.255.32.47", "32473"
        ns, sender, members, pids = self.members(group, port)
        path = self.dir / "group.pcapng"
        c = Capture(path, "-i", "lo", "-f", f"udp port {port}", within=ns)
        truth = {}
        for n in range(30):
            sender.sendto(b"%03d" % n, (group, int(port)))
            members[1].stdin.write("read\n")
            members[1].stdin.flush()
            truth[members[1].stdout.readline().strip()] = pids[1]
        c.stop()
        self.read_by(path, port, truth)

    def members(self, group, port):
        """A host with a socket that sends to a group, three processes in
        that, and their numbers."""
        ns = self.namespace()
        members = [self.start(ns.argv("python3", "-c", MEMBER, group, port),
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE)
                   for _ in range(3)]
        sender = ns.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(sender.close)
        sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF,
                          socket.inet_aton("127.0.0.1"))
        return (ns, sender, members,
                [m.stdout.readline().strip() for m in members])

    def test_a_group_whose_members_all_read(self):
        """Each packet names all three; a filter for one of them keeps it."""
        group, port = "239.255.77.78", "48077"
        ns, sender, members, pids = self.members(group, port)
        path, kept = self.dir / "all.pcapng", self.dir / "one.pcapng"
        c = Capture(path, "-i", "lo", "-f", f"udp port {port}", within=ns)
        k = Capture(kept, "-i", "lo", "-f", f"udp port {port}",
                    "--pid", pids[2], within=ns)
        for n in range(30):
            sender.sendto(b"%03d" % n, (group, int(port)))
            for m in members:
                m.stdin.write("read\n")
                m.stdin.flush()
            for m in members:
                m.stdout.readline()
        c.stop()
        k.stop()
        for each in (path, kept):
            rows = [sorted(row[0].split(",")) for row in
                    self.rows(each, "proc.dst.pid", where="udp")]
            # Of those that it could not wait for none is kept.
            self.assertIn(len(rows), [30] if each == path else range(21, 31))
            self.assertTrue(all(set(row) <= {*pids, ""} for row in rows), rows)
            self.assertGreater(rows.count(sorted(pids)), 20, rows)

    def test_a_service_that_a_datagram_starts(self):
        """It reads, not who held the socket for it."""
        path = self.dir / "started.pcapng"
        manager = self.start(["python3", "-c", MANAGER],
                             stdout=subprocess.PIPE)
        port = int(manager.stdout.readline())
        c = Capture(path, "-i", "lo", "-f", f"udp port {port}")
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(sender.close)
        truth = {}
        for word in [*map(str, range(11)), "end"]:
            sender.sendto(word.encode(), ("127.0.0.1", port))
            data, pid = manager.stdout.readline().split()
            truth[data] = pid
        manager.wait()
        c.stop()
        self.assertNotIn(str(manager.pid), truth.values())
        self.read_by(path, port, truth)

    def test_a_request_that_came_before_the_accept(self):
        """It names who accepted, unless that took longer than it is held."""
        worker = self.start(["python3", "-c", WORKER],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        parent, port = worker.stdout.readline().split()
        child = worker.stdout.readline().strip()
        path = self.dir / f"{self.id()}.pcapng"
        c = Capture(path, "-i", "lo", "-f", f"tcp port {port}")
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", int(port))) as s:
                s.send(b"request")
                worker.stdin.write("\n")
                worker.stdin.flush()
                self.assertEqual(worker.stdout.readline(), "request\n")
        worker.wait()
        c.stop()
        rows = self.rows(path, "proc.dst.pid", "proc.dst.attr",
                         where=f"tcp.dstport == {port} && tcp.payload")
        self.assertGreaterEqual(len(rows), 20)  # TCP may send one again
        self.assertLessEqual(set(rows), {(child, "accepted"),
                                         (child, "socket"), ("", "unknown"),
                                         (parent, "listener")})
        self.assertIn((child, "accepted"), rows)

    def check_forks(self, address, kind):
        """Who accepts and hands on never reads: the child does.  Of what is
        deferred the first data waits until a child has come to accept it."""
        server = self.start(["python3", "-c", FORKER, address, kind],
                            stdout=subprocess.PIPE)
        parent, port = server.stdout.readline().split()
        path = self.dir / f"{self.id()}.pcapng"
        c = Capture(path, "-i", "lo", "-f", f"tcp port {port}")
        truth = {}
        for n in range(20):
            with socket.create_connection((address, int(port))) as s:
                time.sleep(n % 2 * 0.005)
                s.send(b"%d" % n)
                word, pid = server.stdout.readline().split()
                truth[word] = pid
        server.wait()
        c.stop()
        rows = self.rows(path, "tcp.payload", "proc.dst.pid", "proc.dst.attr",
                         where=f"tcp.dstport == {port} && tcp.payload")
        # What is read too late may be said to be of who accepted, or listens.
        self.compare({bytes.fromhex(data).decode():
                      "" if pid == parent and attr != "socket" else pid
                      for data, pid, attr in rows}, truth,
                     least=0.3 if kind == "deferred" else 0.7)
        self.assertNotIn(parent, truth.values())

    def test_a_server_that_forks(self):
        self.check_forks("127.0.0.1", "at once")

    def test_a_server_that_forks_ipv6(self):
        self.check_forks("::1", "at once")

    def test_a_connection_that_its_data_makes(self):
        self.check_forks("127.0.0.1", "deferred")

    def test_a_reader_that_is_late(self):
        """A file waits for it."""
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(sender.close)
        reader = self.start(["python3", "-c", LATE], stdout=subprocess.PIPE)
        self.addCleanup(reader.stdout.close)
        port, reads = map(int, reader.stdout.readline().split())
        path = self.dir / "late.pcapng"
        c = Capture(path, "-i", "lo", "-f", f"udp port {port}")
        sender.sendto(b"late", ("127.0.0.1", port))
        self.assertEqual(reader.wait(world.PATIENCE), 0)
        c.stop()
        for data, _, dst, _, attr in self.payloads(path, port):
            self.assertEqual((data, dst, attr), ("late", str(reads), "socket"))

    def test_what_nobody_reads(self):
        """It names who has the socket, and says so."""
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            path = self.dir / "unread.pcapng"
            c = Capture(path, "-i", "lo", "-f", f"tcp port {port}")
            with socket.create_connection(("127.0.0.1", port)) as s:
                s.send(b"unread")
                accepted, _ = server.accept()
                s.send(b"unread, too")
                c.stop()
                accepted.close()
        rows = self.rows(path, "proc.dst.pid", "proc.dst.attr",
                         where=f"tcp.dstport == {port} && tcp.payload")
        us = str(os.getpid())
        self.assertEqual(rows[-1], (us, "holder"))     # TCP may send again
        self.assertIn(rows[0], ((us, "accepted"), (us, "listener")))

    def check_queue(self, how, after):
        """What waits in a connection is named after who wrote it, then."""
        server = socket.socket()
        self.addCleanup(server.close)
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        path = self.dir / f"{how}.pcapng"
        c = Capture(path, "-i", "lo", "-f", f"tcp port {port}")
        queuer = self.start(["python3", "-c", QUEUER, str(port), how],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(queuer.stdout.close)
        reader = server.accept()[0]
        self.addCleanup(reader.close)
        self.assertEqual(queuer.stdout.readline(), "queued\n")
        queuer.stdin.write("go on\n")
        queuer.stdin.close()
        while reader.recv(4096):
            pass
        queuer.wait()
        c.stop()
        names = {"42": set(), "41": set()}
        for data, name in self.rows(
                path, "tcp.payload", "proc.src.name",
                where=f"tcp.dstport == {port} && tcp.len > 0"):
            if data[:2] == data[-2:] and name:
                names[data[:2]].add(name)
        self.assertEqual(names, {"42": {"before"}, "41": {after}})

    def test_a_name_taken_while_bytes_wait(self):
        self.check_queue("rename", "after")

    def test_a_name_and_user_taken_before_the_first_write(self):
        daemon = self.start(["python3", "-c", DAEMON], stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE)
        self.addCleanup(daemon.stdout.close)
        port = daemon.stdout.readline().strip()
        path = self.dir / "daemon.pcapng"
        c = Capture(path, "-i", "lo", "-f", f"port {port}")
        daemon.communicate("go on\n")
        c.stop()
        told = {bytes.fromhex(tcp or udp).decode(): who for tcp, udp, *who in
                self.rows(path, "tcp.payload", "udp.payload", "proc.src.name",
                          "proc.src.uid", where="tcp.payload || udp.payload")}
        self.assertEqual(told, {"itself": ["before", "0"],
                                "worker": ["worker", "0"],
                                "up": ["after", "65534"],
                                "down": ["after", "65534"]})

    def test_a_program_executed_while_bytes_wait(self):
        self.check_queue("exec", "python3")

    def reader(self, program, **options):
        """A process that has told its port, the port, and who sends to it."""
        reader = self.start(["python3", "-c", program],
                            stdout=subprocess.PIPE, **options)
        self.addCleanup(reader.stdout.close)
        port = int(reader.stdout.readline())
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(sender.close)
        return reader, port, sender

    def test_who_reads_a_steady_stream(self):
        """Many come just while the one before is read."""
        reader, port, sender = self.reader(STEADY_READER)
        path = self.dir / "steady.pcapng"
        c = Capture(path, "-i", "lo", "-f", f"udp port {port}")
        for n in range(20000):
            sender.sendto(b"%d" % n, ("127.0.0.1", port))
            if n % 10 == 9:
                time.sleep(0.0002)
        sender.sendto(b"end", ("127.0.0.1", port))
        read = {number: float(when) for number, when in
                (line.split() for line in reader.stdout)}
        c.stop()
        rows = [(bytes.fromhex(data).decode(), float(when), *owner)
                for data, when, *owner in self.rows(
                    path, "udp.payload", "frame.time_epoch", "proc.dst.pid",
                    "proc.dst.attr", where=f"udp.dstport == {port}")]
        self.assertEqual([row[0] for row in rows], [*read, "end"])
        # Who reads later than in 50 ms is the holder until then.
        soon = [row[2:] for row in rows[:-1] if read[row[0]] < row[1] + 0.02]
        self.assertGreater(len(soon), 1000)
        self.assertEqual({pid for pid, _ in soon}, {str(reader.pid)})
        # The last ones are told by how far it has read, which is counted up to
        # 127: who was as far behind has not read them for all that is known.
        named = [attr for _, attr in soon if attr in ("socket", "scan")]
        self.assertGreater(len(named), 0.99 * len(soon))

    def test_many_datagrams_wait_for_their_reader(self):
        holder, port, sender = self.reader(HOLDER, stdin=subprocess.PIPE)
        path = self.dir / "waiting.pcapng"
        c = Capture(path, "-i", "lo", "-f", f"udp port {port}")
        words = [f"{n:03}" for n in range(150)]
        for word in words:
            sender.sendto(word.encode(), ("127.0.0.1", port))
        holder.stdin.write("read\n")
        holder.stdin.close()
        reader = holder.stdout.readline().strip()
        holder.wait()
        c.stop()
        rows = list(self.payloads(path, port))
        self.assertEqual([row[0] for row in rows], words)
        # Whoever had not read it when it was written was its holder.
        self.assertLessEqual({row[2] for row in rows if row[4] == "socket"},
                             {reader})

    def test_a_port_changes_hands_while_datagrams_wait(self):
        """For the neighbour's address, as in any other queue."""
        ns = self.namespace()
        ns.ip("link", "add", "v0", "type", "veth", "peer", "v1")
        ns.ip("link", "set", "v0", "up")
        ns.ip("link", "set", "v1", "up")
        ns.ip("address", "add", "192.0.2.1/24", "dev", "v0")
        path = self.dir / "neighbour.pcapng"
        c = Capture(path, "-i", "v0", "-f", "udp", within=ns)
        for _ in range(3):
            ns.run("python3", "-c", ONE_SENDER)
        ns.ip("neighbour", "replace", "192.0.2.2", "lladdr",
              "02:00:00:00:00:02", "dev", "v0")
        c.stop()
        rows = list(self.payloads(path, 5000))
        self.assertEqual(len(rows), 3)
        for pid, src, _, attr, _ in rows:
            self.assertIn((src, attr), {(pid, "socket"), ("", "unknown")})
        self.assertEqual([row[1] for row in rows[1:]],
                         [row[0] for row in rows[1:]])

    def test_one_goes_on_alone_with_a_socket_of_two(self):
        sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(sink.close)
        sink.bind(("127.0.0.1", 0))
        port = sink.getsockname()[1]
        path = self.dir / "alone.pcapng"
        c = Capture(path, "-i", "lo", "-f", f"udp port {port}")
        world.run("python3", "-c", LAST_SENDER, str(port))
        c.stop()
        rows = list(self.payloads(path, port))
        self.assertEqual(len(rows), 47)
        self.assertEqual([row[1] for row in rows if row[3] == "socket"],
                         [row[0] for row in rows if row[3] == "socket"])
        self.assertLessEqual(sum(row[3] == "unknown" for row in rows), 3)

    def test_who_only_asks_for_the_peer_is_no_sender(self):
        server = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(server.close)
        port = server.getsockname()[1]
        path = self.dir / "asker.pcapng"
        c = Capture(path, "-i", "lo", "-f", f"tcp port {port}")
        child = world.run("python3", "-c", ASKER, str(port)).stdout.strip()
        c.stop()
        pids = {pid for (pid,) in self.rows(
            path, "proc.src.pid",
            where=f"tcp.dstport == {port} && tcp.len > 0 && "
            "tcp.flags.fin == 0 && proc.src.pid")}
        self.assertEqual(pids, {child})


if __name__ == "__main__":
    world.main()
