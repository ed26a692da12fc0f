# SPDX-License-Identifier: GPL-3.0-or-later
"""Several processes on one socket, several sockets on one port: each packet
names who sent and who read it.  The payload says the truth."""
import socket
import subprocess

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
        self.assertLessEqual(unknown, 3)

    def test_two_senders_on_one_socket(self):
        self.check_senders(socket.AF_INET, "127.0.0.1")

    def test_two_senders_on_one_socket_ipv6(self):
        self.check_senders(socket.AF_INET6, "::1")

    def read_by(self, path, port, truth):
        rows = list(self.payloads(path, port))
        self.assertEqual(len(rows), len(truth))
        for data, _, dst, _, attr in rows:
            self.assertEqual((dst, attr), (truth[data], "socket"), data)

    def test_a_service_that_starts_again(self):
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(sender.close)
        probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        path = self.dir / "again.pcapng"
        c = Capture(path, "-i", "lo", "-f", f"udp port {port}")
        truth = {}
        for n in range(5):
            reader = self.start(
                ["python3", "-c", READER, "127.0.0.1", str(port)],
                stdout=subprocess.PIPE)
            self.assertEqual(reader.stdout.readline(), "bound\n")
            for word in (f"{n}.1", f"{n}.2", f"{n}.end"):
                sender.sendto(word.encode(), ("127.0.0.1", port))
                truth[word] = reader.stdout.readline().split()[0]
            reader.wait()
        c.stop()
        self.read_by(path, port, truth)

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
            where=f"tcp.dstport == {port} && tcp.len > 0 && tcp.flags.fin == 0")}
        self.assertEqual(pids, {child})


if __name__ == "__main__":
    world.main()
