# SPDX-License-Identifier: GPL-3.0-or-later
"""Every reader takes our files; what is in them survives other tools."""
import json
import signal
import socket
import subprocess

import world
from world import Capture, clients, run

# Found by way of world.
import mmdb  # isort: skip
import pcapng  # isort: skip


# An answer for www.example.com, then ten datagrams to that address.
NAMES = r"""
import socket
a, b, c = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in "abc")
a.bind(("127.0.0.1", 53))
b.bind(("127.0.0.1", 1053))
c.bind(("127.0.0.9", 9))
a.sendto(bytes.fromhex("1234 8180 0001 0001 0000 0000") +
         b"\x03www\x07example\x03com\0" + bytes.fromhex(
             "0001 0001 c00c 0001 0001 00000009 0004 7f000009"),
         ("127.0.0.1", 1053))
for _ in range(10):
    b.sendto(b"x", ("127.0.0.9", 9))
"""


class Files(world.LiveTest):
    def sample(self, interface="lo"):
        ns = self.namespace()
        server = self.tcp_server(within=ns)
        path = self.dir / f"{self.id()}.{interface}.pcapng"
        c = Capture(path, "-i", interface, within=ns)
        ns.run("sh", "-c", clients(3, f"http://127.0.0.1:{server.told}/"))
        self.assertEqual(c.stop()[0], 0)
        return path

    def test_other_readers(self):
        for interface in ("lo", "any"):
            path = self.sample(interface=interface)
            done = run("tcpdump", "-nr", path)
            self.assertEqual(done.returncode, 0, done.stderr)
            # It names the file and its link type; of any SLL2 file it says
            # that its interface names may be another host's.
            said = done.stderr.replace(
                "Warning: interface names might be incorrect\n", "")
            self.assertEqual(len(said.splitlines()), 1, said)
            packets = sum(b.kind == pcapng.EPB
                          for b in pcapng.blocks(path.read_bytes()))
            self.assertEqual(len(done.stdout.splitlines()), packets)
            out = "\n".join(self.tshark.lines("capinfos", path))
            self.assertIn("Capture application: pktwho", out)
            self.assertIn(f"Name = {interface}", out)
            self.tshark.lines("tshark", "-r", path)

    def test_fields_survive_editcap_and_mergecap(self):
        fields = ("proc.src.name", "proc.src.pid", "proc.dst.name",
                  "proc.dst.exepath", "proc.attr", "proc.user")
        path = self.sample()
        before = self.rows(path, *fields, where="tcp")
        self.assertGreater(len(before), 20)
        edited, merged = self.dir / "edited.pcapng", self.dir / "merged.pcapng"
        self.tshark.lines("editcap", path, edited)
        self.assertEqual(self.rows(edited, *fields, where="tcp"), before)
        self.tshark.lines("mergecap", "-w", merged, path, edited)
        self.assertEqual(sorted(self.rows(merged, *fields, where="tcp")),
                         sorted(before * 2))

    def test_processes_as_wireshark_5_has_them(self):
        """Rows here, which our plugin takes for another's; none comes first."""
        ns = self.namespace()
        server = self.tcp_server(within=ns)
        path = self.dir / "blocks.pcapng"
        c = Capture(path, "-i", "lo", "--process-blocks", within=ns)
        ns.run("curl", "-s", f"http://127.0.0.1:{server.told}/", check=True)
        self.assertEqual(c.stop()[0], 0)
        blocks = pcapng.blocks(path.read_bytes())
        kinds = [b.kind for b in blocks if b.kind in (pcapng.EPB, pcapng.CB)]
        self.assertEqual(kinds[0], pcapng.EPB)
        theirs = [b for b in blocks if b.kind == pcapng.CB
                  and int.from_bytes(b.body[:4], "little") == 32622]
        self.assertGreaterEqual(len(theirs), 2)
        rows = self.rows(path, "proc.table.name", "proc.table.pid",
                         "proc.table.exepath", where="proc.table")
        found = self.rows(path, "proc.src.name", "proc.src.pid",
                          "proc.src.exepath", where="tcp")
        self.assertLessEqual(set(found), set(rows))
        self.assertEqual(self.rows(path, "frame.number",
                                   where="proc.malformed"), [])
        cut, found = self.dir / "cut-blocks.pcapng", self.dir / "none.pcapng"
        run(world.PKTWHO, "cut", "--process-blocks", "-w", cut, path, check=True)
        cut.chmod(0o644)
        self.assertEqual(self.rows(
            cut, "proc.table.name", "proc.table.pid", "proc.table.exepath",
            where="proc.table")[:-1], rows[:-1])
        run(world.PKTWHO, "strip", "-w", found, cut, check=True)
        self.assertEqual([b.kind for b in pcapng.blocks(found.read_bytes())
                          if b.kind == pcapng.CB], [])

    def test_names_that_were_asked_for(self):
        """In each file of a ring, before the address's first packet."""
        ns = self.namespace()
        ring = self.start(ns.argv(
            world.PKTWHO, *world.STRICT, "-q", "-i", "lo", "--names", "-b",
            "packets:4", "-w", self.dir / "names.pcapng"),
            stderr=subprocess.PIPE)
        world.wait_for(lambda: [p for p in self.dir.glob("names_*")
                                if p.stat().st_size > 100], "ring")
        ns.run("python3", "-c", NAMES, check=True)
        world.wait_for(lambda: sum(map(pcapng.count_packets, self.dir.glob(
            "names_*"))) == 11, "packets")
        ring.send_signal(signal.SIGINT)
        self.assertEqual(ring.wait(world.PATIENCE), 0)
        files = sorted(self.dir.glob("names_*"))
        self.assertEqual(len(files), 3)
        for path in files:
            path.chmod(0o644)
            blocks = [b.kind for b in pcapng.blocks(path.read_bytes())]
            self.assertEqual(blocks.count(4), 1)
            rows = self.tshark.fields(path, "ip.dst_host", more=(
                "-N", "n", "-Y", "udp.dstport == 9"))
            self.assertEqual(set(rows), {("www.example.com",)})

    def test_a_cut_file_keeps_its_records(self):
        path, cut = self.sample(), self.dir / "cut.pcapng"
        self.tshark.lines("tshark", "-r", path, "-Y", "tcp.stream == 0",
                          "-w", cut)
        rows = self.rows(cut, "proc.src.exepath", "proc.dst.exepath",
                         where="tcp")
        for row in rows:
            self.assertNotIn("", row)

    def test_country_of_documentation_addresses(self):
        """A tiny database that knows them, given by --geo."""
        database = self.dir / "tiny.mmdb"
        database.write_bytes(mmdb.build({
            "192.0.2.0/25": {"country": {"iso_code": "NZ"}},
            "2001:db8::/33": {"country_code": "FJ"}}))
        near, far = self.namespace(), self.namespace()
        world.link(near, far, ("192.0.2.1/24", "192.0.2.200/24"),
                   ("2001:db8::1/32", "2001:db8:8000::1/32"))
        path = self.dir / "geo.pcapng"
        c = Capture(path, "-i", "veth0", "--geo", database, within=far)
        near.run("ping", "-nqc1", "192.0.2.200")
        near.run("ping", "-nqc1", "2001:db8:8000::1")
        c.stop()
        rows = self.rows(path, "geo.src.country", "geo.dst.country",
                         where="icmp || icmpv6.type == 128 || "
                               "icmpv6.type == 129")
        self.assertEqual(rows, [("NZ", ""), ("", "NZ"), ("FJ", ""),
                                ("", "FJ")])

    def test_read_from_a_pipe(self):
        """pktwho -w - | tshark -i - shows the fields live."""
        server = self.tcp_server()
        capture = subprocess.Popen(
            [str(world.PKTWHO), "-q", "-i", "lo", "-f",
             f"tcp port {server.told}", "-w", "-", "-c", "20"],
            stdout=subprocess.PIPE)
        self.addCleanup(capture.wait)
        self.addCleanup(capture.kill)
        reader = self.tshark.popen(
            "tshark", "-l", "-i", "-", "-c", "10", "-T", "fields",
            "-e", "proc.src.name", "-e", "proc.dst.name", stdin=capture.stdout)
        capture.stdout.close()
        world.wait_for_sandbox(capture)
        run("sh", "-c", clients(4, f"http://127.0.0.1:{server.told}/"))
        out, _ = reader.communicate(timeout=world.PATIENCE)
        lines = out.splitlines()
        self.assertEqual(len(lines), 10, out)
        ends = [tuple(line.split("\t")) for line in lines]
        truth = [("curl", "python3"), ("python3", "curl")]
        self.assertLessEqual(set(truth), set(ends))
        for source, target in ends:     # a busy machine lets one read late
            self.assertTrue(any(source in ("", a) and target in ("", b)
                                for a, b in truth), ends)


class Pods(world.LiveTest):
    """Names of a node's pods, from a made-up cache of its own."""

    CACHE = {"cniArgs": [["K8S_POD_NAMESPACE", "fruit"],
                         ["K8S_POD_NAME", "shop-0"]],
             "result": {"ips": [{"address": "127.0.0.77/8"}]}}

    def names(self, path):
        out = self.tshark.lines("tshark", "-N", "n", "-r", path, "-Y", "udp && !icmp",
                                "-T", "fields", "-e", "ip.dst_host")
        return set(out)

    def test_addresses_of_pods_have_names(self):
        results = self.dir / "results"
        results.mkdir()
        (results / "cbr0-aa-eth0").write_text(json.dumps(self.CACHE))
        mount = ("mount -t tmpfs none /var/lib && mkdir -p /var/lib/cni && "
                 f"cp -r {results} /var/lib/cni && exec \"$@\"")
        path, bare = self.dir / "pods.pcapng", self.dir / "bare.pcapng"
        c = world.Capture(path, "-i", "lo", "-f", "host 127.0.0.77",
                          wrap=("unshare", "-m", "sh", "-c", mount, "sh"))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.sendto(b"x", ("127.0.0.77", 9))
        self.assertEqual(c.stop()[0], 0)
        kinds = [b.kind for b in pcapng.blocks(path.read_bytes())]
        self.assertEqual((kinds.count(4), kinds.index(4)), (1, 2))
        self.assertEqual(self.names(path), {"fruit/shop-0"})
        world.run(world.PKTWHO, "strip", "--what", "processes", "-w", bare,
                  path, check=True)
        bare.chmod(0o644)
        self.assertEqual(self.names(bare), {"127.0.0.77"})


if __name__ == "__main__":
    world.main()
