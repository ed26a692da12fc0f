# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the samples of this directory anew; see README.md.

  python3 tests/data/dpi/make.py build/capture/pktwho build/plugin/pktwho.so

Needs root and the Debian packages nginx, openssl, curl, dnsmasq,
openssh-server, openssh-client, python3-aiosmtpd, postgresql, redis-server,
ngtcp2-client and ngtcp2-server.  Only what Debian installs takes part, and it
runs in /srv, so that nothing of the machine that made them is in the samples.
"""
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
if "PKTWHO_DPI_UTS" not in os.environ:  # banners name their host
    os.execvpe("unshare", ["unshare", "--uts", sys.executable, *sys.argv],
               os.environ | {"PKTWHO_DPI_UTS": "1"})
sys.path.insert(0, str(HERE.parents[1] / "live"))

import world  # noqa: E402
from world import Capture, Namespace, need_root, wait_for  # noqa: E402

ENV = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C.UTF-8",
       "HOME": "/srv"}
RUN = Path("/run/pktwho-dpi")
CLIENT, SERVER = "192.0.2.10", "192.0.2.80"
PYTHON = "/usr/bin/python3"

NGINX = f"""
daemon off;
pid {RUN}/nginx.pid;
error_log /dev/null;
events {{}}
http {{
  access_log off;
  ssl_certificate {RUN}/cert.pem;
  ssl_certificate_key {RUN}/key.pem;
  root /srv;
  server {{ listen {SERVER}:80; location / {{ return 200 "hello\\n"; }} }}
  server {{
    listen {SERVER}:443 ssl http2; ssl_protocols TLSv1.3;
    location / {{ return 200 "hello\\n"; }}
  }}
  server {{
    listen {SERVER}:8443 ssl http2; ssl_protocols TLSv1.2;
    location / {{ return 200 "hello\\n"; }}
  }}
  server {{
    listen {SERVER}:8082 http2;
    location / {{ return 200 "hello\\n"; }}
  }}
}}
"""

SSHD = f"""
ListenAddress {SERVER}:22
HostKey {RUN}/host_key
PidFile none
UsePAM no
"""


class World:
    """A client and a server that knows every name under example.com."""

    def __init__(self):
        self.near, self.far = Namespace(), Namespace()
        self.etc = Path("/etc/netns", self.near.name)
        self.etc.mkdir(parents=True)
        (self.etc / "resolv.conf").write_text(f"nameserver {SERVER}\nsearch .\n")
        (self.etc / "hosts").write_text("127.0.0.1 localhost\n")
        world.link(self.near, self.far, (f"{CLIENT}/24", f"{SERVER}/24"))
        self.servers = []

    def serve(self, listening, *argv, env=ENV):
        self.servers.append(subprocess.Popen(
            self.far.argv(*argv), env=env, cwd="/srv",
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        wait_for(lambda: listening in self.far.run("ss", "-Hlnut").stdout,
                 f"{argv[0]} on {listening}")

    def run(self, *argv, stdin=""):
        done = self.near.run(*argv, env=ENV, cwd="/srv", input=stdin,
                             timeout=30)
        print("  ", *argv[:1], done.returncode, done.stderr.strip()[:200])

    def sample(self, name, capture_filter, *commands):
        print(name)
        path = RUN / f"{name}.pcapng"
        capture = Capture(path, "-i", "veth0", "-f", capture_filter,
                          within=self.near, env=ENV)
        for command in commands:
            self.run(*command)
        status, said = capture.stop(settle=0.5)
        assert status == 0, said
        shutil.copy(path, HERE / path.name)
        print("  ", path.stat().st_size, "bytes,", said.strip())

    def close(self):
        for process in self.servers:
            process.terminate()
            process.wait()
        shutil.rmtree(self.etc)
        self.near.close()
        self.far.close()


def prepare():
    shutil.rmtree(RUN, ignore_errors=True)
    RUN.mkdir()
    RUN.chmod(0o755)
    Path("/run/sshd").mkdir(exist_ok=True)
    world.run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
              "-days", "36500", "-subj", "/CN=example.com",
              "-keyout", RUN / "key.pem", "-out", RUN / "cert.pem", check=True)
    world.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "",
              "-f", RUN / "host_key", check=True)
    (RUN / "nginx.conf").write_text(NGINX)
    (RUN / "sshd_config").write_text(SSHD)
    (RUN / "mail").write_text("Subject: hello\n\nhello\n")


def serve_postgresql(w):
    home = "/usr/lib/postgresql/15/bin"
    data = RUN / "postgresql"
    data.mkdir()
    shutil.chown(data, "postgres", "postgres")
    as_postgres = ["runuser", "-u", "postgres", "--"]
    world.run(*as_postgres, f"{home}/initdb", "-D", data, "-A", "trust",
              cwd="/srv", env=ENV, check=True)
    (data / "pg_hba.conf").write_text("host all all 192.0.2.0/24 trust\n")
    w.serve(f"{SERVER}:5432", *as_postgres, f"{home}/postgres", "-D", data,
            "-h", SERVER, "-k", "")


def serve_all(w):
    w.serve(f"{SERVER}:53", "/usr/sbin/dnsmasq", "--no-daemon", "--no-hosts",
            "--no-resolv", "--user=root", "--bind-interfaces",
            f"--listen-address={SERVER}", f"--address=/example.com/{SERVER}",
            "--local=/example.com/", "--local=/invalid/")
    w.serve(f"{SERVER}:8443", "/usr/sbin/nginx", "-c", RUN / "nginx.conf")
    w.serve(f"{SERVER}:9000", PYTHON, "-m", "http.server", "9000",
            "--bind", SERVER)
    w.serve(f"{SERVER}:853", "/usr/bin/openssl", "s_server", "-quiet",
            "-accept", f"{SERVER}:853", "-alpn", "dot",
            "-cert", RUN / "cert.pem", "-key", RUN / "key.pem")
    w.serve(f"{SERVER}:22", "/usr/sbin/sshd", "-D",
            "-f", RUN / "sshd_config")
    w.serve(f"{SERVER}:25", PYTHON, "-m", "aiosmtpd", "-n", "-l",
            f"{SERVER}:25", "-c", "aiosmtpd.handlers.Sink",
            "--tlscert", RUN / "cert.pem", "--tlskey", RUN / "key.pem",
            "--no-requiretls")
    w.serve(f"{SERVER}:6379", "/usr/bin/redis-server", "--bind", SERVER,
            "--protected-mode", "no", "--save", "", "--dir", "/srv")
    w.serve(f"{SERVER}:4433", "/usr/sbin/gtlsserver", "-q", "-d", "/srv",
            SERVER, "4433", RUN / "key.pem", RUN / "cert.pem")
    serve_postgresql(w)


def make(w):
    curl = ["/usr/bin/curl", "-4sk"]
    mail = ["--mail-from", "a@example.com", "--mail-rcpt", "b@example.com",
            "-T", RUN / "mail", "smtp://mail.example.com/client.example.com"]
    sql = ["/usr/bin/psql", "-h", "db.example.com", "-U", "postgres", "-Atc"]

    w.sample("dns", "not arp and not icmp6",
             [*curl, "http://www.example.com/"],
             ["/usr/bin/curl", "-s", "http://nowhere.invalid/"])
    w.sample("http", "tcp port 80",
             [*curl, "http://www.example.com/first",
              "http://www.example.com/second"],
             [*curl, "--proxy", f"http://{SERVER}:80/",
              "http://one.example.com/1", "http://two.example.com/2"])
    w.sample("http-port", "tcp port 9000",
             [*curl, "-o", "/dev/null", "http://dev.example.com:9000/"])
    w.sample("http2", "tcp port 8082",
             [*curl, "--http2-prior-knowledge",
              "http://www.example.com:8082/page"])
    w.sample("tls12", "tcp port 8443",
             [*curl, "https://old.example.com:8443/"])
    w.sample("tls13", "tcp port 443", [*curl, "https://new.example.com/"])
    w.sample("dot", "tcp port 853",
             ["/usr/bin/openssl", "s_client", "-quiet", "-alpn", "dot",
              "-servername", "dns.example.com", "-connect",
              "dns.example.com:853"])
    w.sample("ssh", "tcp port 22",
             ["/usr/bin/ssh", "-F", "none",
              "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no",
              "-o", "UserKnownHostsFile=/dev/null",
              # Wireshark 4.6 has a word to say about others on stderr.
              "-o", "KexAlgorithms=curve25519-sha256",
              "shell.example.com", "true"])
    w.sample("smtp", "tcp port 25", [*curl, *mail])
    w.sample("smtp-starttls", "tcp port 25", [*curl, "--ssl-reqd", *mail])
    w.sample("postgresql", "tcp port 5432", [*sql, "select 42"])
    w.sample("redis", "tcp port 6379",
             ["/usr/bin/redis-cli", "-h", "cache.example.com", "set", "a", "1"])
    w.sample("quic", "udp port 4433",
             ["/usr/bin/gtlsclient", "-q", "--exit-on-all-streams-close",
              "quic.example.com", "4433", "https://quic.example.com:4433/"])


if __name__ == "__main__":
    need_root()
    os.umask(0o022)
    socket.sethostname("server.example.com")
    prepare()
    w = World()
    try:
        serve_all(w)
        make(w)
    finally:
        w.close()
        shutil.rmtree(RUN)
