#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is captured: every frame, once, as it was, in time and in order.

  test_source.py PKTWHO PLUGIN
"""
import signal
import time
from collections import Counter

import world
from inject import ethernet, inject, ipv4, mac_of, udp
from world import PKTWHO, Capture, link, run

# Found by way of world.
import pcapng  # isort: skip

NEAR, FAR = "192.0.2.1", "192.0.2.2"
BROADCAST = b"\xff" * 6

TRICKLE = """
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for i in range(400):
    s.sendto(b"%d" % i, ("127.0.0.1", 9))
    time.sleep(0.005)
"""
SHORT_LIVED = r"""
for i in $(seq 10); do
    ip link add near$i type veth peer name far$i
    ip addr add 198.51.100.$i/32 dev near$i
    ip link set near$i up
    ip link set far$i up
    ip route add 203.0.113.$i dev near$i
    ip neigh add 203.0.113.$i lladdr 02:00:00:00:00:01 dev near$i
    python3 -c 'import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.sendto(b"x", (sys.argv[1], 9))
s.sendto(b"x", (sys.argv[1], 9))' 203.0.113.$i
    ip link del near$i
done
"""
# More instructions than the kernel takes, and quick to compile.
LONG = "udp dst port 20000 and ({}) > 0".format(
    " + ".join(f"udp[{8 + i % 64}:1]" for i in range(1000)))


def frames(path):
    return [b for b in pcapng.blocks(path.read_bytes())
            if b.kind == pcapng.EPB]


class SourceTest(world.LiveTest):
    def pair(self):
        near, far = self.namespace(), self.namespace()
        link(near, far, (f"{NEAR}/24", f"{FAR}/24"))
        time.sleep(0.5)         # the neighbours' own packets are over
        return near, far

    def captured(self, within, work, *options, interface="veth0"):
        path = self.dir / f"{self.id()}.pcapng"
        c = Capture(path, "-i", interface, *options, within=within)
        work()
        status, said = c.stop(settle=0.3)
        self.assertEqual(status, 0, said)
        return path

    def test_a_header_and_nothing_else(self):
        near, far = self.pair()
        frame = ethernet(BROADCAST, mac_of(far), 0x88b5, b"")
        for interface in ("veth0", "any"):
            path = self.captured(near, lambda: inject(far, [frame] * 3),
                                 interface=interface)
            what = "eth" if interface == "veth0" else "sll"
            rows = self.rows(path, "frame.len", "proc.direction",
                             where=f"{what}.etype == 0x88b5"
                             if what == "sll" else "eth.type == 0x88b5")
            self.assertEqual(rows, [("14" if what == "eth" else "20",
                                     "in")] * 3)

    def test_the_tag_of_a_vlan(self):
        near, far = self.pair()
        tag = b"\x00\x07\x08\x00"
        packet = ipv4(FAR, NEAR, 17, udp(7, 9, b"tagged"))
        tagged = ethernet(BROADCAST, mac_of(far), 0x8100, tag + packet)
        plain = ethernet(BROADCAST, mac_of(far), 0x0800, packet)

        def work():
            inject(far, [tagged, plain])

        path = self.captured(near, work, "-f", "udp port 9 or vlan")
        self.assertIn(tagged, [b.data for b in frames(path)])
        rows = self.rows(path, "vlan.id", "udp.srcport", "frame.len",
                         where="udp.port == 9")
        self.assertIn(("7", "7", str(len(tagged))), rows)
        self.assertIn(("", "7", str(len(plain))), rows)
        path = self.captured(near, work, "-f", "vlan 7 and udp port 9")
        self.assertEqual(self.rows(path, "vlan.id"), [("7",)])
        path = self.captured(near, work, "-f", "vlan 8")
        self.assertEqual(self.rows(path, "vlan.id"), [])

    def test_filters_of_the_cooked_header(self):
        near, _ = self.pair()

        def work():
            near.run("ping", "-qc2", "-i0.1", FAR, check=True)
            near.run("ping", "-qc1", "127.0.0.1", check=True)

        for filter_, expected in (
                ("icmp[icmptype] == icmp-echo", 3), ("icmp", 6),
                ("icmp and outbound", 2), ("icmp and inbound", 4),
                (f"icmp and dst host {NEAR}", 2),
                ("link[10] == 4 and icmp", 2),
                ("link[5:1] == 0 and icmp and host 127.0.0.1", 2)):
            path = self.captured(near, work, "-f", filter_, interface="any")
            self.assertEqual(len(frames(path)), expected, filter_)

    def test_a_filter_too_long_for_the_kernel(self):
        near, _ = self.pair()

        def work():
            near.run("python3", "-c", f"""if True:
                import socket
                s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                for port in (19999, 20000, 20001):
                    s.sendto(b"x" * 64, ("{FAR}", port))
                """, check=True)

        for interface in ("veth0", "any"):
            path = self.captured(near, work, "-f", LONG, interface=interface)
            self.assertEqual(
                [port for (port,) in self.rows(path, "udp.dstport",
                                               where="udp && !icmp")],
                ["20000"])
        done = near.run(world.PKTWHO, "-i", "veth0", "-w", "/dev/null", "-f",
                        f"outbound and ({LONG})")
        self.assertEqual(done.returncode, 1)
        self.assertIn("too long for the kernel", done.stderr)

    def test_each_packet_of_the_loopback_once(self):
        host = self.namespace()
        for interface in ("lo", "any"):
            path = self.captured(
                host, lambda: host.run("ping", "-qc3", "-i0.1", "127.0.0.1"),
                interface=interface)
            self.assertEqual(self.rows(path, "proc.direction", where="icmp"),
                             [("local",)] * 6)

    def test_a_snaplen(self):
        near, _ = self.pair()
        for interface in ("veth0", "any"):
            path = self.captured(
                near, lambda: near.run("ping", "-qc1", "-s1000", FAR),
                "-s", "60", "-f", "icmp", interface=interface)
            total = "1042" if interface == "veth0" else "1048"
            self.assertEqual(self.rows(path, "frame.cap_len", "frame.len",
                                       where="icmp"),
                             [("60", total)] * 2)

    def test_a_trickle_while_we_are_stopped(self):
        """A block of the ring with one packet is used up as a full one."""
        host = self.namespace()
        path = self.dir / "stopped.pcapng"
        c = Capture(path, "-i", "lo", "-f", "udp dst port 9", within=host)
        trickle = self.start(host.argv("python3", "-c", TRICKLE))
        longest = 0
        while trickle.poll() is None:
            begin = time.monotonic()
            c.process.send_signal(signal.SIGSTOP)
            time.sleep(0.9)
            c.process.send_signal(signal.SIGCONT)
            longest = max(longest, time.monotonic() - begin)
            time.sleep(0.3)
        status, said = c.stop(settle=0.3)
        self.assertEqual(status, 0, said)
        # A busy machine may have let us sleep on.
        self.assertGreaterEqual(len(frames(path)),
                                400 if longest < 1 else 200, said)

    def test_an_interface_that_is_down_for_a_while(self):
        near, _ = self.pair()
        path = self.dir / "down.pcapng"
        c = Capture(path, "-i", "veth0", "-f", "icmp", within=near)
        near.ip("link", "set", "veth0", "down")
        c.hear("veth0: the interface is down")
        near.ip("link", "set", "veth0", "up")
        near.run("ping", "-qc6", "-i0.2", FAR)
        c.hear("veth0: the interface is up again")
        status, said = c.stop()
        self.assertEqual(status, 0, said)
        self.assertEqual(said.count("is down; the capture goes on"), 1)
        self.assertNotIn("gone", said)
        self.assertGreaterEqual(len(frames(path)), 4)

    def test_an_interface_that_goes_away(self):
        near, _ = self.pair()
        c = Capture(self.dir / "gone.pcapng", "-i", "veth0", within=near)
        near.ip("link", "set", "veth0", "down")
        time.sleep(0.3)
        self.assertIsNone(c.process.poll(), "it was only down")
        near.ip("link", "del", "veth0")
        status, said = c.finish()
        self.assertEqual(status, 1, said)
        self.assertIn("the interface is gone", said)

    def interfaces(self, path):
        """{name: (address, hardware)}, and the notes by name."""
        names, found, notes = [], {}, {}
        for block in pcapng.blocks(path.read_bytes()):
            options = dict(block.options)
            if block.kind == pcapng.IDB:
                names.append(options[2].decode())
                found[names[-1]] = (options.get(4), options.get(15))
            elif block.kind == pcapng.ISB and 1 in options:
                number = int.from_bytes(block.body[:4], "little")
                notes[names[number]] = options[1].decode()
        return found, notes

    def test_any_has_an_interface_for_each_device(self):
        """Also one that comes later, and a note where one is gone."""
        near, far = self.pair()
        path = self.dir / "devices.pcapng"
        c = Capture(path, "-i", "any", "-f", "icmp", within=near)
        near.run("ping", "-qc2", "-i0.1", "127.0.0.1", check=True)
        near.run("ping", "-qc2", "-i0.1", FAR, check=True)
        near.ip("link", "add", "later0", "type", "veth", "peer", "name",
                "later1", "netns", far.name)
        near.ip("addr", "add", "203.0.113.1/24", "dev", "later0")
        near.ip("link", "set", "later0", "up")
        far.ip("addr", "add", "203.0.113.2/24", "dev", "later1")
        far.ip("link", "set", "later1", "up")
        near.run("ping", "-qc2", "-i0.1", "203.0.113.2", check=True)
        near.ip("link", "del", "later0")
        near.run("ping", "-qc1", FAR, check=True)
        status, said = c.stop()
        self.assertEqual(status, 0, said)
        rows = self.rows(path, "frame.interface_name", "ip.dst",
                         where="icmp.type == 8")
        self.assertEqual(sorted(rows), sorted(
            [("lo", "127.0.0.1")] * 2 + [("veth0", FAR)] * 3 +
            [("later0", "203.0.113.2")] * 2))
        found, notes = self.interfaces(path)
        self.assertEqual(list(found)[0], "any")
        self.assertLessEqual({"lo", "veth0", "later0"}, set(found))
        self.assertEqual(found["lo"], (bytes([127, 0, 0, 1, 255, 0, 0, 0]),
                                       b"Loopback"))
        self.assertEqual(found["later0"],
                         (bytes([203, 0, 113, 1, 255, 255, 255, 0]),
                          b"Ethernet"))
        self.assertEqual(notes.pop("later0"), "the interface is gone")
        self.assertEqual(set(notes), {"any"})
        # Other programs know what came in the middle, too.
        for tool in ("editcap", "mergecap"):
            out = self.dir / f"{tool}.pcapng"
            self.tshark.lines(tool, *(("-w", out, path) if tool == "mergecap"
                                      else (path, out)))
            self.assertEqual(self.rows(out, "frame.interface_name", "ip.dst",
                                       where="icmp.type == 8"), rows, tool)

    def test_a_device_that_has_gone_when_its_packets_are_written(self):
        ns, path = self.namespace(), self.dir / "short.pcapng"
        c = Capture(path, "-i", "any", "-f", "udp port 9", within=ns)
        done = ns.run("sh", "-ec", SHORT_LIVED)
        self.assertEqual(done.returncode, 0, done.stderr)
        world.wait_for(lambda: c.packets() == 40, "packets")
        status, said = c.stop()
        self.assertEqual(status, 0, said)
        self.assertEqual(Counter(self.rows(path, "frame.interface_name",
                                           where="udp")),
                         Counter({(f"{end}{i}",): 2 for end in ("near", "far")
                                  for i in range(1, 11)}))
        found, notes = self.interfaces(path)
        self.assertEqual(found["near7"], (bytes([198, 51, 100, 7] + [255] * 4),
                                          b"Ethernet"))
        self.assertEqual(notes["far10"], "the interface is gone")

    def test_one_of_two_interfaces_goes_away(self):
        near, _ = self.pair()
        path = self.dir / "two.pcapng"
        c = Capture(path, "-i", "veth0", "-i", "lo", within=near)
        near.run("ping", "-qc1", FAR, check=True)
        near.ip("link", "del", "veth0")
        world.wait_for(lambda: b"the interface is gone" in path.read_bytes(),
                       "a note in the file")
        near.run("ping", "-qc1", "127.0.0.1", check=True)
        status, said = c.stop()
        self.assertEqual(status, 1, said)
        self.assertIn("veth0: the interface is gone", said)
        self.assertEqual(self.rows(path, "frame.interface_name",
                                   where="icmp"),
                         [("veth0",)] * 2 + [("lo",)] * 2)
        done = run(PKTWHO, "-i", "lo", "-i", "lo")
        self.assertEqual(done.returncode, 2)
        self.assertIn("twice the same interface", done.stderr)

    def test_in_another_namespace(self):
        """By its name or a process in it; addresses and sockets are its."""
        ns = self.namespace()
        server = self.tcp_server(within=ns)
        url = f"http://127.0.0.1:{server.told}/"
        pid = int(run("ip", "netns", "pids", ns.name).stdout.split()[0])
        for which in (ns.name, str(pid)):
            path = self.dir / "there.pcapng"
            path.unlink(missing_ok=True)
            done = run(PKTWHO, *world.STRICT, "-q", "--netns", which, "-i",
                       "lo", "-w", path, "--", "curl", "-s", url)
            self.assertEqual((done.returncode, done.stdout), (0, "hi\n"),
                             done.stderr)
            path.chmod(0o644)
            self.assertEqual(
                set(self.rows(path, "frame.interface_name", "proc.summary",
                              where="http.request")),
                {(f"{which}/lo", "curl → python3")})
        listed = run(PKTWHO, "--netns", ns.name, "-D").stdout
        names = {line.split(". ")[1].split()[0]
                 for line in listed.splitlines()}
        self.assertTrue({"lo"} <= names <= {"lo", "any"}, listed)
        done = run(PKTWHO, "--netns", "no-such", "-i", "lo")
        self.assertEqual(done.returncode, 1)
        self.assertIn("there is no network namespace no-such", done.stderr)


if __name__ == "__main__":
    world.main()
