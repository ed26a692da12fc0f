# SPDX-License-Identifier: GPL-3.0-or-later
"""-- COMMAND, the limits, the signals, and how a file ends."""
import os
import select
import signal
import struct
import subprocess
import time

import world
from world import PKTWHO, Capture, clients, run, wait_for

# Found by way of world.
import pcapng  # isort: skip


class Command(world.LiveTest):
    def capture(self, *argv, **options):
        path = self.dir / f"{self.id()}.pcapng"
        path.unlink(missing_ok=True)
        done = run(PKTWHO, "-w", path, *argv, **options)
        if path.exists():
            path.chmod(0o644)
        return path, done

    def blocks(self, path):
        return list(pcapng.blocks(path.read_bytes()))

    def table(self, path):
        """The rows of the process table that closes the file."""
        last = self.blocks(path)[-1]
        self.assertEqual(last.kind, pcapng.CB)
        return pcapng.read_table(last.data)

    def test_only_the_command_and_its_descendants(self):
        server, other = self.tcp_server(), self.tcp_server()
        noise = self.start(["sh", "-c", "while :; do curl -s -o /dev/null "
                            f"http://127.0.0.1:{other.told}/; done"])
        path, done = self.capture(
            "-i", "lo", "--", "sh", "-c",
            clients(5, f"http://127.0.0.1:{server.told}/"))
        noise.kill()
        self.assertEqual((done.returncode, len(done.stdout.split())), (0, 5))
        ports = {int(p) for row in self.rows(path, "tcp.port", where="tcp")
                 for p in row[0].split(",")}
        self.assertIn(int(server.told), ports)
        self.assertNotIn(int(other.told), ports)
        pids = set(self.rows(path, "proc.pid", where="tcp.flags.syn == 1"))
        self.assertEqual({p for (both,) in pids for p in both.split(",") if p},
                         {*done.stdout.split(), str(server.pid)})
        # Nothing is cut off at the end: each connection has both FINs, but
        # that the server may be late with the last one.
        fins = set(self.rows(path, "tcp.stream", "tcp.srcport",
                             where="tcp.flags.fin == 1"))
        self.assertIn(len(fins), (9, 10), fins)

    def test_its_status_is_ours(self):
        for script, status in (("exit 0", 0), ("exit 7", 7),
                               ("kill -9 $$", 137)):
            _, done = self.capture("-i", "lo", "--", "sh", "-c", script)
            self.assertEqual(done.returncode, status, done.stderr)
        # The command's words are its own, even Wireshark's.
        _, done = self.capture("-i", "lo", "--", "sh", "-c", "exit 3",
                               "--capture")
        self.assertEqual(done.returncode, 3, done.stderr)
        _, done = self.capture("-i", "lo", "--", "/no/such/program")
        self.assertEqual(done.returncode, 127)
        self.assertIn("cannot run /no/such/program: No such file or directory",
                      done.stderr)

    def test_its_output_does_not_join_the_capture(self):
        server = self.tcp_server()
        done = subprocess.run(
            [PKTWHO, "-i", "lo", "-q", "-w", "-", "--", "curl", "-s",
             f"http://127.0.0.1:{server.told}/"], capture_output=True,
            check=True)
        self.assertIn(b"hi", done.stderr)
        kinds = [b.kind for b in pcapng.blocks(done.stdout)]
        self.assertGreater(kinds.count(pcapng.EPB), 5)

    def test_a_signal_ends_the_wait_for_it(self):
        """The capture has ended before it; it is told what we are told."""
        for sig in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            path = self.dir / "wait.pcapng"
            path.unlink(missing_ok=True)
            process = self.start([PKTWHO, "-i", "lo", "-a", "duration:0.1",
                                  "-w", path, "--", "sh", "-c", "echo $$; "
                                  "exec sleep 100"], stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE)
            self.addCleanup(process.stderr.close)
            self.addCleanup(process.stdout.close)
            sleeper = int(process.stdout.readline())
            self.assertIn("packets", process.stderr.readline())
            watch = os.pidfd_open(sleeper)
            process.send_signal(sig)
            self.assertEqual(process.wait(world.PATIENCE), 128 + sig)
            # A terminal's ^C reaches both.
            is_told = sig != signal.SIGINT
            ended = select.select([watch], [], [],
                                  world.PATIENCE if is_told else 0.5)[0]
            os.close(watch)
            self.assertEqual(bool(ended), is_told)
            if not ended:
                os.kill(sleeper, signal.SIGKILL)

    def test_it_runs_as_the_caller_of_sudo_and_inherits_nothing(self):
        env = {**os.environ, "SUDO_UID": "65534", "SUDO_GID": "65534",
               "SUDO_USER": "nobody"}
        path, done = self.capture("-i", "lo", "--", "sh", "-c",
                                  "id -u; id -g; id -G; ls /proc/$$/fd", env=env)
        self.assertEqual(path.stat().st_uid, 65534)
        self.assertEqual(done.stdout.split()[:2], ["65534", "65534"])
        self.assertNotIn("0", done.stdout.splitlines()[2].split())
        self.assertLessEqual(set(done.stdout.split()[3:]),
                             set("0 1 2".split()))

    def test_count(self):
        server = self.tcp_server()
        path, done = self.capture(
            "-i", "lo", "-f", f"tcp port {server.told}", "-c", "7", "--",
            "sh", "-c", clients(3, f"http://127.0.0.1:{server.told}/"))
        self.assertEqual(world.counted(done.stderr)[0], 7)
        kinds = [b.kind for b in self.blocks(path)]
        self.assertEqual(kinds.count(pcapng.EPB), 7)
        self.assertEqual(kinds[-1], pcapng.CB)

    def test_duration(self):
        begin = time.monotonic()
        path, done = self.capture("-i", "lo", "-a", "duration:0.5")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertGreater(time.monotonic() - begin, 0.5)
        self.assertEqual([b.kind for b in self.blocks(path)[:2]],
                         [pcapng.SHB, pcapng.IDB])

    def signalled(self, sig):
        server = self.tcp_server()
        path = self.dir / f"{self.id()}.pcapng"
        path.unlink(missing_ok=True)
        c = Capture(path, "-i", "lo", "-f", f"tcp port {server.told}")
        run("sh", "-c", clients(3, f"http://127.0.0.1:{server.told}/"))
        wait_for(lambda: c.packets() > 10, "packets")
        status, said = c.stop(sig)
        return path, server, status, said

    def test_a_signal_closes_the_file_with_its_table(self):
        for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            path, server, status, said = self.signalled(sig)
            self.assertEqual(status, 0, said)
            rows = {row["name"]: row for row in self.table(path)}
            self.assertEqual(set(rows), {b"curl", b"python3"})
            packets = sum(b.kind == pcapng.EPB for b in self.blocks(path))
            python = rows[b"python3"]
            # A busy machine may let it read some too late.
            self.assertIn(python["packets"],
                          range(packets * 7 // 10, packets + 1))
            self.assertEqual(python["pid"], server.pid)
            self.assertLessEqual(python["first_seen"], python["last_seen"])
            self.assertEqual(rows[b"curl"]["exit_status"], 0)
            path.unlink()

    def test_a_container_with_process_ids_of_its_own(self):
        done = run("unshare", "--pid", "--fork", "--mount-proc", PKTWHO,
                   "-i", "lo", "-w", "/dev/null", "--", "true")
        self.assertEqual(done.returncode, 1)
        self.assertIn("start it with the host's, as by --pid=host",
                      done.stderr)

    def test_nohup(self):
        c = Capture(self.dir / "nohup.pcapng", "-i", "lo", wrap=["nohup"])
        c.process.send_signal(signal.SIGHUP)
        # It goes on after the signal: what is sent from now on is captured.
        before = c.packets()

        def hears():
            run("ping", "-q", "-c", "1", "127.0.0.1", check=True)
            self.assertIsNone(c.process.poll())
            return c.packets() > before
        wait_for(hears, "packet")
        self.assertEqual(c.stop()[0], 0)

    def test_sigkill_leaves_whole_blocks(self):
        path, _, status, _ = self.signalled(signal.SIGKILL)
        self.assertEqual(status, -signal.SIGKILL)
        kinds = [b.kind for b in self.blocks(path)]
        self.assertGreater(kinds.count(pcapng.EPB), 10)
        self.assertNotIn(pcapng.CB, kinds)
        self.assertEqual(self.tshark.run("capinfos", path).returncode, 0)

    def test_parts_that_can_be_left_out(self):
        server = self.tcp_server()
        path, _ = self.capture(
            "-i", "lo", "--comments=none", "--no-process-table", "--no-cmdline",
            "-q", "--", "curl", "-s", f"http://127.0.0.1:{server.told}/")
        blocks = self.blocks(path)
        self.assertNotIn(pcapng.CB, [b.kind for b in blocks])
        packets = [b for b in blocks if b.kind == pcapng.EPB]
        for b in packets:
            self.assertNotIn(pcapng.OPT_COMMENT, [code for code, _ in b.options])
        self.assertEqual(self.rows(path, "proc.cmdline", where="tcp"),
                         [("",)] * len(packets))
        self.assertEqual(self.rows(path, "proc.src.cmdline_withheld",
                                   where="tcp")[0], ("1",))

    def test_a_secret_in_its_arguments_is_masked(self):
        server = self.tcp_server()
        url = f"http://alice:hunter2@127.0.0.1:{server.told}/"
        argv = ["-i", "lo", "-q", "--", "curl", "-s", "-H",
                "X-Token: hunter2", url]
        path, _ = self.capture(*argv)
        where = 'proc.src.name == "curl" && tcp'
        self.assertEqual(
            self.rows(path, "proc.src.cmdline", "proc.src.cmdline_masked",
                      where=where)[0],
            (f"curl -s -H X-Token: *** {url.replace('hunter2', '***')}", "1"))
        path, _ = self.capture("--cmdline=full", *argv)
        self.assertEqual(
            self.rows(path, "proc.src.cmdline", "proc.src.cmdline_masked",
                      where=where)[0],
            (f"curl -s -H X-Token: hunter2 {url}", ""))

    def test_the_time_in_its_name(self):
        directory = self.dir / "named"
        directory.mkdir()
        years = {time.localtime().tm_year}
        for more in ((), ("-b", "packets:9", "-b", "printname:stdout")):
            done = run(PKTWHO, "-i", "lo", "-w", directory / "%Y%%x.pcapng",
                       *more, "--", "true")
            self.assertEqual(done.returncode, 0, done.stderr)
        years.add(time.localtime().tm_year)
        one, ring = sorted(directory.iterdir(), key=lambda p: len(p.name))
        self.assertIn(one.name, {f"{year}%x.pcapng" for year in years})
        self.assertRegex(ring.name, r"^\d{4}%x_00001_\d{14}\.pcapng$")
        self.assertEqual(done.stdout, f"{ring}\n")

    def test_its_ancestors_are_known(self):
        server = self.tcp_server()
        path, _ = self.capture(
            "-i", "lo", "-q", "--", "sh", "-c",
            f"sh -c 'curl -s http://127.0.0.1:{server.told}/; true'; true")
        rows = set(self.rows(path, "proc.src.aname", "proc.src.apid",
                             "proc.src.aexe",
                             where='proc.src.name == "curl"'))
        self.assertEqual(len(rows), 1)
        names, pids, programs = (value.split(",") for value in rows.pop())
        self.assertEqual(names[:2], ["sh", "sh"])
        self.assertEqual(len(names), len(pids))
        self.assertEqual(len(set(pids)), len(pids))
        self.assertIn(str(os.getpid()), pids)
        self.assertEqual(programs[0], os.path.realpath("/bin/sh"))

    def test_comments_where_they_are_due(self):
        for which in ("changes", "all", "none"):
            path = self.dir / f"{which}.pcapng"
            self.ping(path, f"--comments={which}")
            packets = [b for b in self.blocks(path) if b.kind == pcapng.EPB]
            self.assertEqual(len(packets), 40)
            said = [bool(b.comments()) for b in packets]
            if which == "changes":
                # Four requests and four replies; others only if they differ.
                self.assertEqual(said[:8], [True] * 8)
                self.assertLess(sum(said), 20)
                for block in packets:
                    if not block.comments():
                        self.assertLessEqual(len(block.body) + 12, 150)
            else:
                self.assertEqual(set(said), {which == "all"})

    def test_whose_host_it_is(self):
        """Two hosts have the same program; in one file they are told apart."""
        server = self.tcp_server()
        paths, here = [], os.uname().nodename
        for wrap in ([], ["unshare", "-u", "sh", "-c",
                          'hostname elsewhere; exec "$@"', "sh"]):
            path = self.dir / f"host{len(paths)}.pcapng"
            path.unlink(missing_ok=True)
            done = run(*wrap, PKTWHO, "-q", "-i", "lo", "-w", path, "--",
                       "curl", "-s", f"http://127.0.0.1:{server.told}/")
            self.assertEqual(done.returncode, 0, done.stderr)
            path.chmod(0o644)
            paths.append(path)
        merged = self.dir / "hosts.pcapng"
        self.tshark.lines("mergecap", "-w", merged, *paths)
        self.assertEqual(
            set(self.rows(merged, "proc.src.name", "proc.src.host",
                          where='http.request')),
            {("curl", here[:63]), ("curl", "elsewhere")})

    def test_process_ids_in_the_standards_option(self):
        """Option 8: pid and thread, the sender's first."""
        server = self.tcp_server()
        path, done = self.capture(
            "-i", "lo", "--", "sh", "-c",
            clients(1, f"http://127.0.0.1:{server.told}/"))
        curl = int(done.stdout)
        told = [[struct.unpack("<II", value)
                 for code, value in b.options if code == 8]
                for b in self.blocks(path) if b.kind == pcapng.EPB]
        both = [(curl, curl), (server.pid, server.pid)]
        self.assertIn(both, told)
        self.assertIn(both[::-1], told)
        for ends in told:
            self.assertLessEqual(set(ends), set(both))


if __name__ == "__main__":
    world.main()
