#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several network namespaces in one capture, each with what is its own.

  test_namespaces.py PKTWHO PLUGIN
"""
import json
import os

import world
from world import PKTWHO, Capture, link, run, wait_for

PORT = 8080
# The same in each: what it has is told apart by where it is.
SERVER = f"""
import socket
l = socket.create_server(("", {PORT}))
print({PORT}, flush=True)
while True:
    c, _ = l.accept()
    c.recv(100)
    c.sendall(b"HTTP/1.0 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nhi")
    c.close()
"""
REDIRECT = f"""
add table ip pktwho
add chain ip pktwho in {{ type nat hook prerouting priority -100; }}
add rule ip pktwho in tcp dport 81 redirect to :{PORT}
"""


class NamespacesTest(world.LiveTest):
    def pair(self):
        a, b = self.namespace(), self.namespace()
        link(a, b, ("192.0.2.1/24", "192.0.2.2/24"))
        return a, b

    def captured(self, netns, *argv, interface="any"):
        path = self.dir / f"{self.id()}.pcapng"
        path.unlink(missing_ok=True)
        done = run(PKTWHO, *world.STRICT, "-q", "--netns", netns, "-i",
                   interface, "-w", path, "--", *argv)
        self.assertEqual(done.returncode, 0, done.stderr)
        path.chmod(0o644)
        return path

    def requests(self, path, port=PORT):
        """Each as often as it was seen, which HTTP is only once."""
        return self.rows(path, "frame.interface_name", "proc.src.name",
                         "proc.dst.pid", "proc.direction",
                         where=f"tcp.dstport == {port} && tcp.len > 0")

    def test_the_same_addresses_in_two(self):
        """An owner is of the namespace that its packet was seen in."""
        a, b = self.namespace(), self.namespace()
        servers = [self.server(SERVER, within=ns) for ns in (a, b)]
        url = f"http://127.0.0.1:{PORT}/"
        path = self.captured(f"{a.name},{b.name}", "sh", "-ec", "".join(
            f"ip netns exec {ns.name} curl -s --local-port 40000 {url};"
            for ns in (a, b)), interface="lo")
        self.assertEqual(self.requests(path), [
            (f"{ns.name}/lo", "curl", str(server.pid), "local")
            for ns, server in zip((a, b), servers)])
        lines = map(json.loads, run(PKTWHO, "log", "-r",
                                    path).stdout.splitlines())
        self.assertEqual(
            [(line["destination"]["process"]["pid"],
              line["network"]["packets"]) for line in lines
             if line["event"]["action"] == "end"],
            [(server.pid, len(self.rows(path, "frame.number", where=(
                f"frame.interface_name == \"{ns.name}/lo\""))))
             for ns, server in zip((a, b), servers)])

    def test_all_that_have_it(self):
        """Both ends of a cable; who has no such interface is left out."""
        a, b = self.pair()
        self.namespace()
        server = self.server(SERVER, within=b)
        path = self.captured("all", *a.argv(
            "curl", "-s", f"http://192.0.2.2:{PORT}/"), interface="veth0")
        self.assertEqual(sorted(self.requests(path)), sorted(
            (f"{ns.name}/veth0", "curl", str(server.pid), "local")
            for ns in (a, b)))
        done = run(PKTWHO, "--netns", "all", "-i", "no-such0")
        self.assertEqual(done.returncode, 1)
        self.assertIn("no network namespace has an interface no-such0",
                      done.stderr)

    def test_by_a_process_in_it(self):
        """As containers have them: no name, but a process."""
        with self.start(["unshare", "-n", "sh", "-c", "ip link set lo up;"
                         "echo; exec sleep 60"], stdout=-1) as process:
            process.stdout.readline()
            path = self.captured("all", "nsenter", "-n", "-t",
                                 str(process.pid), "ping", "-qc1",
                                 "127.0.0.1")
            inode = os.stat(f"/proc/{process.pid}/ns/net").st_ino
            self.assertEqual(
                set(self.rows(path, "frame.interface_name", "proc.name",
                              "proc.netns", where="proc.name == \"ping\"")),
                {(f"{process.pid}/lo", "ping", str(inode))})
            process.kill()

    def test_translated_in_one(self):
        """Only there: the other side knows the port that it was sent to."""
        a, b = self.pair()
        server = self.server(SERVER, within=b)
        b.run("nft", REDIRECT, check=True)
        path = self.captured(f"{a.name},{b.name}", *a.argv(
            "curl", "-s", "http://192.0.2.2:81/"), interface="veth0")
        self.assertIn((f"{b.name}/veth0", "curl", str(server.pid), "local"),
                      self.requests(path, port=81))

    def test_what_comes_and_goes(self):
        """Addresses and devices of each, while it is captured."""
        a, b = self.pair()
        path = self.dir / "later.pcapng"
        c = Capture(path, "--netns", f"{a.name},{b.name}", "-i", "any")
        b.ip("link", "add", "later0", "type", "veth", "peer", "name",
             "later1")
        b.ip("addr", "add", "198.51.100.7/32", "dev", "later0")
        b.ip("link", "set", "later1", "up")
        b.ip("link", "set", "later0", "up")
        b.ip("neigh", "add", "203.0.113.9", "lladdr", "02:00:00:00:00:09",
             "dev", "later0")
        a.ip("route", "add", "198.51.100.7", "via", "192.0.2.2")
        a.run("ping", "-qc2", "-i", "0.2", "198.51.100.7", check=True)
        b.run("ping", "-qc1", "-W", "0.2", "-I", "later0", "203.0.113.9")
        size = path.stat().st_size
        wait_for(lambda: c.packets() >= 9, "packets")
        b.ip("link", "del", "later0")
        c.wait_to_grow(size)
        status, said = c.stop(settle=0.5)
        self.assertEqual(status, 0, said)
        self.assertEqual(
            self.rows(path, "frame.interface_name", "proc.src.name",
                      "proc.direction", where="icmp.type == 8 && "
                      "ip.dst == 198.51.100.7"),
            [(f"{ns.name}/veth0", "ping", "local")
             for _ in range(2) for ns in (a, b)])
        self.assertEqual(
            self.rows(path, "proc.src.name", where="ip.dst == 203.0.113.9 "
                      f"&& frame.interface_name == \"{b.name}/later0\""),
            [("ping",)])
        self.assertIn(b"the interface is gone", path.read_bytes())

    def test_one_that_vanishes(self):
        """The others go on; a cable has two ends."""
        a, b = self.pair()
        path = self.dir / "gone.pcapng"
        c = Capture(path, "--netns", f"{a.name},{b.name}", "-i", "veth0",
                    "-i", "lo")
        a.run("ping", "-qc1", "192.0.2.2", check=True)
        wait_for(lambda: c.packets() >= 4, "packets")
        a.ip("link", "del", "veth0")
        b.run("ping", "-qc1", "127.0.0.1", check=True)
        for ns in (a, b):
            c.hear(f"{ns.name}/veth0: the interface is gone")
        status, said = c.stop(settle=0.3)
        self.assertEqual(status, 1, said)
        self.assertEqual(
            {row for row in self.rows(path, "frame.interface_name",
                                      "proc.name", where="icmp")},
            {(f"{ns.name}/{device}", "ping")
             for ns, device in ((a, "veth0"), (b, "veth0"), (b, "lo"))})

    def test_words(self):
        """One list is for one namespace; each word has to be one."""
        a, b = self.namespace(), self.namespace()
        both = f"{a.name},{b.name}"
        for words, said in (
                (("--netns", both, "-D"), f"at a time, not in {both}"),
                (("--netns", f"{a.name},", "-i", "lo"), "has no name"),
                (("--netns", a.name, "-i", "no-such0"),
                 f"pktwho --netns {a.name} -D lists them"),
                (("--netns", f"{a.name},no-such", "-i", "lo"),
                 "there is no network namespace no-such")):
            done = run(PKTWHO, *words)
            self.assertGreater(done.returncode, 0)
            self.assertIn(said, done.stderr)


if __name__ == "__main__":
    world.need("nft", "ping", "nsenter")
    world.main()
