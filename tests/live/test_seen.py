#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a capture cannot see is passed over, and yet nobody's owner is missing:
sockets whose packets should not be seen, and are.

  test_seen.py PKTWHO PLUGIN
"""
import subprocess

import world
from world import LiveTest, need, wait_for

NEAR, FAR, PORT = "192.0.2.1", "192.0.2.2", 7353
# Sends what each line says from a socket that was connected to the loopback;
# "hand over" lets a child go on with it.
CLIENT = f"""
import os, socket, sys
s = socket.socket(socket.AF_INET, getattr(socket, sys.argv[1]))
s.connect(("127.0.0.1", {PORT}))
print(os.getpid(), flush=True)
for line in sys.stdin:
    if line == "hand over\\n":
        if os.fork():
            os.wait()
            break
    else:
        s.send(line.strip().encode())
    print(os.getpid(), flush=True)
"""
# Sends to the loopback, passes the socket on, and another sends far away.
ROAMER = f"""
import os, socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.sendto(b"near", ("127.0.0.1", {PORT}))
if os.fork():
    os.wait()
else:
    s.sendto(b"roamed", ("{FAR}", {PORT}))
    print(os.getpid(), flush=True)
"""
SINK = f"""
import socket
t = socket.create_server(("{FAR}", {PORT}), backlog=16)
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
u.bind(("{FAR}", {PORT}))
print(flush=True)
held = []
while True:
    held.append(t.accept())
"""
ECHO = """
import os, socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 0))
s.settimeout(10)
s.connect(s.getsockname())
print(os.getpid(), flush=True)
for line in sys.stdin:
    s.send(line.strip().encode())
    s.recv(100)
    print(flush=True)
"""


class SeenTest(LiveTest):
    def setUp(self):
        self.ns, self.far = self.namespace(), self.namespace()
        world.link(self.ns, self.far, (f"{NEAR}/24", f"{FAR}/24"))

    def capture(self, device):
        return world.Capture(self.dir / "seen.pcapng", "-i", device,
                             within=self.ns)

    def client(self, source, *argv):
        process = self.start(
            self.ns.argv("python3", "-u", "-c", source, *argv),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        process.told = process.stdout.readline().strip()
        self.addCleanup(process.stdin.close)
        self.addCleanup(process.stdout.close)
        return process

    def say(self, client, word):
        print(word, file=client.stdin, flush=True)
        return client.stdout.readline().strip()

    def senders(self, capture, kind):
        """By what it carried, who sent it."""
        self.assertEqual(capture.stop()[0], 0)
        rows = self.rows(capture.path, f"{kind}.payload", "proc.src.pid",
                         where=f"{kind}.payload")
        return {bytes.fromhex(word).decode(): pid for word, pid in rows}

    def translate(self):
        """The loopback's port is the far server's, as a cluster's node has
        it."""
        self.server(SINK, within=self.far)
        self.ns.run("sysctl", "-qw", "net.ipv4.conf.all.route_localnet=1",
                    check=True)
        self.ns.run(
            "nft", "add table ip pktwho; add chain ip pktwho out "
            "{ type nat hook output priority -100; }; add chain ip pktwho "
            "post { type nat hook postrouting priority 100; }; add rule ip "
            f"pktwho out ip daddr 127.0.0.1 meta l4proto {{ tcp, udp }} "
            f"dnat to {FAR}; add rule ip pktwho post oifname veth0 "
            f"masquerade", check=True)

    def test_a_loopback_address_that_leaves(self):
        self.translate()
        for name, kind in (("SOCK_DGRAM", "udp"), ("SOCK_STREAM", "tcp")):
            with self.subTest(kind):
                before = self.client(CLIENT, name)
                capture = self.capture("veth0")
                since = self.client(CLIENT, name)
                expected = {}
                for client, word in ((before, "old"), (since, "new")):
                    for i in range(3):
                        expected[f"{word}{i}"] = self.say(client, f"{word}{i}")
                    pid = self.say(client, "hand over")
                    self.assertNotEqual(pid, client.told)
                    for i in range(3):
                        sent = f"{word}-child{i}"
                        expected[sent] = self.say(client, sent)
                self.assertEqual(self.senders(capture, kind), expected)

    def test_a_socket_that_was_not_seen_before(self):
        self.server(SINK, within=self.far)
        capture = self.capture("veth0")
        child = self.ns.run("python3", "-c", ROAMER, check=True).stdout
        self.assertEqual(self.senders(capture, "udp"),
                         {"roamed": child.strip()})

    def test_the_loopback_alone(self):
        before = self.client(ECHO)
        elsewhere = self.server(
            "import socket\n"
            "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
            f"s.sendto(b'elsewhere', ('{NEAR}', {PORT}))\nprint(flush=True)\n"
            "input()", within=self.far)
        self.assertIsNotNone(elsewhere)
        capture = self.capture("lo")
        since = self.client(ECHO)
        expected = {}
        for client, word in ((before, "old"), (since, "new")):
            for i in range(3):
                self.say(client, f"{word}{i}")
                expected[f"{word}{i}"] = client.told
        wait_for(lambda: capture.packets() >= 6, "packets")
        self.assertEqual(self.senders(capture, "udp"), expected)

    def test_an_own_address_by_the_loopback(self):
        """What goes to an own address never leaves, whichever it is."""
        source = ECHO.replace("127.0.0.1", NEAR)
        capture = self.capture("lo")
        client = self.client(source)
        self.say(client, "own")
        wait_for(lambda: capture.packets() >= 1, "packets")
        self.assertEqual(self.senders(capture, "udp"), {"own": client.told})


if __name__ == "__main__":
    need("nft")
    world.main()
