#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is behind address translation, without asking for each packet.

  test_nat.py PKTWHO PLUGIN
"""
import re
import subprocess
import time

import world
from world import LiveTest, need, wait_for

NEAR, VIRTUAL, PORT, BEHIND = "127.0.0.1", "127.0.0.53", 7353, 7300
REDIRECT = (f"add table ip pktwho; "
            "add chain ip pktwho output "
            "{ type nat hook output priority -100; }; "
            f"add rule ip pktwho output ip daddr {VIRTUAL} udp dport {PORT} "
            f"dnat to {NEAR}:{BEHIND}")
ECHO = f"""
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("{NEAR}", {BEHIND}))
print(flush=True)
while True:
    data, peer = s.recvfrom(100)
    s.sendto(data, peer)
"""
# One socket asks as often as a line comes.
ASK = f"""
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("{NEAR}", 0))
s.settimeout(60)
print(flush=True)
for line in sys.stdin:
    s.sendto(line.encode(), ("{VIRTUAL}", {PORT}))
    try:
        print(s.recvfrom(100)[1][1], flush=True)
    except OSError as e:
        print(e, flush=True)
"""
STRAY = """
import socket
for port in range(20000, 20300):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.sendto(b"x", ("127.0.0.1", port))
"""


class NatTest(LiveTest):
    def setUp(self):
        self.ns = self.namespace()
        self.echo = self.server(ECHO, within=self.ns)

    def nft(self, rules):
        self.ns.run("nft", rules, check=True)

    def asker(self):
        process = self.start(
            self.ns.argv("python3", "-u", "-c", ASK),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        process.stdout.readline()
        self.addCleanup(process.stdin.close)
        self.addCleanup(process.stdout.close)
        return process

    def ask(self, asker, word):
        print(word, file=asker.stdin, flush=True)
        self.assertEqual(asker.stdout.readline().strip(), str(PORT), word)

    def capture(self, *options, **more):
        return world.Capture(self.dir / "nat.pcapng", "-i", "lo", *options,
                             within=self.ns, **more)

    def owners(self, capture):
        """By payload: who sent and who receives it, of what is redirected."""
        said = capture.stop()
        self.assertEqual(said[0], 0, said)
        found = {}
        for row in self.rows(capture.path, "data.data", "udp.dstport",
                             "proc.src.pid", "proc.dst.pid", where="udp"):
            word = bytes.fromhex(row[0]).decode().strip()
            asked = row[1] == str(BEHIND)
            found.setdefault(word, []).append(
                tuple(row[2:] if asked else row[:1:-1]))
        return found

    def assert_both_ways(self, found, word, asker):
        """A busy machine may let one of the two read too late."""
        both = (str(asker.pid), str(self.echo.pid))
        ways = found.get(word, [])
        self.assertEqual(len(ways), 2, f"{word}: {found}")
        self.assertIn(both, ways, f"{word}: {found}")
        for asked, answered in ways:
            self.assertIn(asked, (both[0], ""), f"{word}: {found}")
            self.assertIn(answered, (both[1], ""), f"{word}: {found}")

    def test_rules_that_were_there(self):
        self.nft(REDIRECT)
        capture = self.capture()
        asker = self.asker()
        self.ask(asker, "first")
        self.ask(asker, "again")
        found = self.owners(capture)
        for word in ("first", "again"):
            self.assert_both_ways(found, word, asker)

    def test_a_translation_that_was_there(self):
        self.nft(REDIRECT)
        asker = self.asker()
        self.ask(asker, "before")
        capture = self.capture()
        self.ask(asker, "after")
        self.assert_both_ways(self.owners(capture), "after", asker)

    def test_rules_that_come_meanwhile(self):
        capture = self.capture()
        self.nft(REDIRECT)
        asker = self.asker()
        self.ask(asker, "first")
        self.assert_both_ways(self.owners(capture), "first", asker)

    def test_events_that_are_switched_off(self):
        self.ns.run("sh", "-c", "echo 0 > "
                    "/proc/sys/net/netfilter/nf_conntrack_events", check=True)
        capture = self.capture()
        self.nft(REDIRECT)
        asker = self.asker()
        self.ask(asker, "first")
        self.assert_both_ways(self.owners(capture), "first", asker)

    @staticmethod
    def sent(log):
        """How often the traced capture has sent something."""
        return len(re.findall(r"send(?:to|msg)\(", log.read_text()))

    def sent_at_rest(self, log):
        """The same once it asks only for what is deleted, ten times a second:
        on a busy machine the start has no time for all processes, which are
        asked for later."""
        counts = []

        def rests():
            counts.append((time.monotonic(), self.sent(log)))
            (begin, before), (end, now) = counts[-30:][0], counts[-1]
            return len(counts) > 30 and now - before <= 10 * (end - begin) + 2

        wait_for(rests, "rest")
        return counts[-1][1]

    def test_nothing_is_asked_for_a_packet(self):
        need("strace")
        log = self.dir / "strace"
        for rules in ("", REDIRECT):
            if rules:
                self.nft(rules)
                self.ask(self.asker(), "one is translated")
            capture = self.capture()
            tracer = self.start(["strace", "-qq", "-f", "-o", log, "-p",
                                 str(capture.process.pid)],
                                stderr=subprocess.DEVNULL)
            wait_for(lambda: log.exists() and log.stat().st_size, "strace")
            before = self.sent_at_rest(log)
            self.ns.run("python3", "-c", STRAY, check=True)
            wait_for(lambda: capture.packets() >= 300, "packets")
            self.assertEqual(capture.stop()[0], 0)
            tracer.wait(world.PATIENCE)
            count = len(self.rows(capture.path, "udp.srcport", where="udp"))
            self.assertGreaterEqual(count, 300)
            # Statistics at the end; those from before, once in a second; what
            # is deleted.
            self.assertLess(self.sent(log) - before, 90)
            log.unlink()


# Sends one datagram to a port that nobody has, and is told so.
KNOCK = """
import os, socket, sys
s = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET,
                  socket.SOCK_DGRAM)
s.connect((sys.argv[1], 33434))
s.settimeout(60)
s.send(b"knock")
try:
    s.recv(1)
except ConnectionRefusedError:
    print(os.getpid())
"""


# Goes on as the client that was on its way to another, and answers as that.
PROXY = """
import socket, struct
ORIGINAL, TRANSPARENT = 20, 19
def bound(address):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.IPPROTO_IP, TRANSPARENT, 1)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(address)
    return s
clients = bound(("0.0.0.0", 7353))
clients.setsockopt(socket.IPPROTO_IP, ORIGINAL, 1)
print(flush=True)
while True:
    data, original, _, client = clients.recvmsg(100, 100)
    port, address = struct.unpack_from(">2xH4s", original[0][2])
    server = socket.inet_ntoa(address), port
    with bound(client) as s:
        s.sendto(data, server)
        answer = s.recv(100)
    with bound(server) as s:
        s.sendto(answer, client)
"""
ECHO_ANY = ECHO.replace(NEAR, "0.0.0.0")
ASK_THRICE = f"""
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.connect((sys.argv[1], {BEHIND}))
s.settimeout(60)
for _ in range(3):
    s.send(b"ask")
    s.recv(100)
"""


class Routed(LiveTest):
    """A box, its host, and a far one behind that."""

    FAR = ("198.51.100.2", "2001:db8:2::2")

    def setUp(self):
        self.box, self.host, self.far = (self.namespace() for _ in range(3))
        world.link(self.host, self.far,
                   ("198.51.100.1/24", f"{self.FAR[0]}/24"),
                   ("2001:db8:2::1/64", f"{self.FAR[1]}/64"))
        self.host.ip("link", "add", "inside", "type", "veth", "peer", "name",
                     "eth0", "netns", self.box.name)
        for ns, device, last in ((self.host, "inside", 1),
                                 (self.box, "eth0", 2)):
            ns.ip("addr", "add", f"192.0.2.{last}/24", "dev", device)
            ns.ip("addr", "add", f"2001:db8:1::{last}/64", "dev", device,
                  "nodad")
            ns.ip("link", "set", device, "up")
        self.box.ip("route", "add", "default", "via", "192.0.2.1")
        self.box.ip("route", "add", "default", "via", "2001:db8:1::1")
        self.host.run("sysctl", "-qw", "net.ipv4.ip_forward=1",
                      "net.ipv6.conf.all.forwarding=1", check=True)


class Masquerade(Routed):
    """What a container does, seen on its host's way out."""

    def setUp(self):
        super().setUp()
        self.host.run(
            "nft", "add table inet pktwho; add chain inet pktwho out "
            "{ type nat hook postrouting priority 100; }; add rule inet "
            "pktwho out oifname veth0 masquerade", check=True)

    def test_echoes_and_errors_are_the_containers(self):
        for far in self.FAR:
            path = self.dir / "masquerade.pcapng"
            capture = world.Capture(path, "-i", "veth0", within=self.host)
            ping = self.start(self.box.argv("ping", "-nc2", "-i0.2", far),
                              stdout=subprocess.DEVNULL)
            self.assertEqual(ping.wait(world.PATIENCE), 0)
            knocker = self.box.run("python3", "-c", KNOCK, far,
                                   check=True).stdout.strip()
            capture.stop()
            echoes = self.rows(
                path, "proc.pid", where="icmp.type in {0, 8} || "
                "icmpv6.type in {128, 129}")
            self.assertEqual(echoes, [(str(ping.pid),)] * 4)
            errors = self.rows(
                path, "proc.dst.pid", "proc.dst.attr",
                where="(icmp.type == 3 || icmpv6.type == 1)")
            self.assertEqual(errors, [(knocker, "flow")])


class TransparentProxy(Routed):
    """It has sockets with the addresses of its client and of the server."""

    def test_each_packet_has_its_own_ends(self):
        self.far.ip("route", "add", "default", "via", "198.51.100.1")
        self.host.run("sysctl", "-qw", "net.ipv4.conf.all.rp_filter=0",
                      "net.ipv4.conf.inside.rp_filter=0",
                      "net.ipv4.conf.veth0.rp_filter=0", check=True)
        self.host.ip("rule", "add", "fwmark", "1", "lookup", "100")
        self.host.ip("route", "add", "local", "default", "dev", "lo",
                     "table", "100")
        rules = self.host.run(
            "nft", "add table ip pktwho; add chain ip pktwho in { type filter "
            "hook prerouting priority mangle; }; add rule ip pktwho in udp "
            f"dport {BEHIND} tproxy to :7353 mark set 1; add rule ip pktwho "
            f"in udp sport {BEHIND} socket transparent 1 mark set 1")
        if rules.returncode:
            self.skipTest("this kernel has no TPROXY")
        proxy = self.server(PROXY, within=self.host)
        echo = self.server(ECHO_ANY, within=self.far)
        path = self.dir / "proxy.pcapng"
        capture = world.Capture(path, "-i", "inside", "-i", "veth0",
                                within=self.host)
        asker = self.start(self.box.argv("python3", "-c", ASK_THRICE,
                                         self.FAR[0]))
        self.assertEqual(asker.wait(world.PATIENCE), 0)
        capture.stop()
        rows = self.rows(path, "proc.src.pid", "proc.dst.pid", where="udp")
        ways = [(asker.pid, proxy.pid), (proxy.pid, echo.pid),
                (echo.pid, proxy.pid), (proxy.pid, asker.pid)]
        self.assertEqual(len(rows), 3 * len(ways))
        for i, row in enumerate(rows):
            for said, pid in zip(row, ways[i % len(ways)]):
                # Whose the other ends are only their own host can tell.
                allowed = {str(pid)} if pid == proxy.pid else {str(pid), ""}
                self.assertIn(said, allowed, f"{i}: {rows}")


if __name__ == "__main__":
    need("nft", "ping")
    world.main()
