# SPDX-License-Identifier: GPL-3.0-or-later
"""--keylog: what a command said through TLS can be read in its file."""
import os
import signal
import subprocess
from pathlib import Path

import world
from world import NOBODY, PKTWHO, need, run, wait_for

# Found by way of world.
import pcapng  # isort: skip

DSB = 10
PYTHON = """
import ssl, socket, sys
c = ssl.create_default_context()
c.check_hostname, c.verify_mode = False, ssl.CERT_NONE
s = c.wrap_socket(socket.create_connection(("127.0.0.1", int(sys.argv[1]))))
s.sendall(b"GET /python HTTP/1.0\\r\\nHost: python.example\\r\\n\\r\\n")
while s.recv(4096):
    pass
"""


S_CLIENT = r"""
printf 'GET /openssl HTTP/1.0\r\nHost: openssl.example\r\n\r\n' |
    openssl s_client -quiet -connect 127.0.0.1:443 \
        -keylogfile "$SSLKEYLOGFILE" 2>/dev/null
"""


class KeyLog(world.LiveTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cert = cls.dir / "cert.pem"
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
            "-keyout", cls.cert, "-out", cls.dir / "c", "-subj", "/CN=x",
            "-days", "2", check=True)
        cls.cert.write_text(cls.cert.read_text() +
                            (cls.dir / "c").read_text())

    def setUp(self):
        self.ns = self.namespace()
        self.temp = self.dir / self.id()
        self.temp.mkdir()
        self.temp.chmod(0o1777)

    def serve(self, version):
        server = self.start(self.ns.argv(
            "openssl", "s_server", "-accept", "443", "-cert", self.cert,
            "-www", version), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.addCleanup(server.stdout.close)
        wait_for(lambda: server.stdout.readline().startswith("ACCEPT"),
                 "server")

    def capture(self, *argv, env=()):
        path = self.dir / f"{self.id()}.pcapng"
        path.unlink(missing_ok=True)
        done = self.ns.run(PKTWHO, *world.STRICT, "-q", "-i", "lo", "-w",
                           path, "--temp-dir", self.temp, "--keylog", *argv,
                           env={**os.environ, **dict(env)})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(list(self.temp.iterdir()), [])
        path.chmod(0o644)
        return path

    def opens(self, path, host, name):
        """In one pass, as it is read first."""
        where = "http.request && !proc.table"
        self.assertEqual(self.rows(path, "http.host", "proc.src.name",
                                   where=where), [(host, name)])
        # Finished, which each end says: the server before its keys are there.
        self.assertEqual(len(self.rows(path, "frame.number",
                                       where="tls.handshake.type == 20")), 2)

    def test_curl_by_tls_1_3(self):
        self.serve("-tls1_3")
        path = self.capture("--", "curl", "-ks", "-o", "/dev/null", "-H",
                            "Host: curl.example", "https://127.0.0.1/")
        self.opens(path, "curl.example", "curl")

    def test_python_by_tls_1_2(self):
        self.serve("-tls1_2")
        path = self.capture("--", "sh", "-c", 'exec python3 -c "$0" 443',
                            PYTHON)
        self.opens(path, "python.example", "python3")
        cut = self.dir / "cut.pcapng"
        run(PKTWHO, "cut", "-q", "--proc", "python3", "-w", cut, path,
            check=True)
        cut.chmod(0o644)
        self.opens(cut, "python.example", "python3")

    def test_openssl_that_is_told_where(self):
        """It does not know the variable, but has an option."""
        self.serve("-tls1_3")
        path = self.capture("--", "sh", "-c", S_CLIENT)
        self.opens(path, "openssl.example", "openssl")

    def test_under_sudo(self):
        self.serve("-tls1_3")
        path = self.capture(
            "--", "sh", "-c", 'id -u >&2; stat -c "%u %a" $SSLKEYLOGFILE >&2; '
            "exec curl -ks -o /dev/null https://127.0.0.1/",
            env={"SUDO_UID": str(NOBODY), "SUDO_GID": str(NOBODY)}.items())
        self.opens(path, "127.0.0.1", "curl")

    def test_each_file_of_a_ring_opens(self):
        """The keys of a connection that goes on stand in the next file, too."""
        self.serve("-tls1_3")
        ring = self.dir / "ring"
        ring.mkdir()
        done = self.ns.run(
            PKTWHO, *world.STRICT, "-q", "-i", "lo", "-w", ring / "r.pcapng",
            "-b", "packets:8", "--temp-dir", self.temp, "--keylog", "--",
            "curl", "-ks", "-o", "/dev/null", "https://127.0.0.1/")
        self.assertEqual(done.returncode, 0, done.stderr)
        files = sorted(ring.iterdir())
        self.assertGreater(len(files), 1)
        for path in files[1:]:
            kinds = [b.kind for b in pcapng.blocks(path.read_bytes())]
            self.assertEqual(kinds[:4], [pcapng.SHB, pcapng.IDB, DSB,
                                         pcapng.EPB])

    def test_killed_it_leaves_no_keys(self):
        process = self.start(self.ns.argv(
            PKTWHO, "-i", "lo", "-w", self.dir / "killed.pcapng",
            "--temp-dir", self.temp, "--keylog", "--", "sh", "-c",
            "echo $$; exec sleep 30"), stdout=subprocess.PIPE)
        self.addCleanup(process.stdout.close)
        sleeper = int(process.stdout.readline())
        keys, = self.temp.iterdir()
        self.assertEqual(keys.stat().st_mode & 0o777, 0o600)
        # Empty while the shell becomes sleep.
        environment = Path(f"/proc/{sleeper}/environ")
        wait_for(lambda: b"SSLKEYLOGFILE=" + bytes(keys)
                 in environment.read_bytes().split(b"\0"), "the variable")
        process.send_signal(signal.SIGKILL)
        process.wait(world.PATIENCE)
        wait_for(lambda: not keys.exists(), "end of the keys")
        os.kill(sleeper, signal.SIGKILL)


if __name__ == "__main__":
    need("openssl")
    world.main()
