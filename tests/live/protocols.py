# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients and servers of many protocols, as Debian installs them.

test_protocols.py captures and judges their traffic, tests/data/dpi/make.py
stores it.  The client's namespace and the server's are joined by a veth pair.
The server's dnsmasq gives every name under example.com the server's address.
"""
import contextlib
import shutil
import subprocess
import tempfile
from glob import glob
from pathlib import Path
from typing import Callable, NamedTuple

import world
from world import Capture, Namespace, wait_for

CLIENT, SERVER = "192.0.2.10", "192.0.2.80"

# No path of this machine's may be said on the wire or in a stored sample, so
# programs run in a directory of ours and name its files without a path.
ENV = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C.UTF-8",
       "HOME": "/nonexistent"}

POSTGRES = "/usr/lib/postgresql/*/bin/postgres"     # any version
INITDB = "/usr/lib/postgresql/*/bin/initdb"

# Where a program is, and the Debian package it comes with.
PACKAGES = {
    "/usr/bin/aiosmtpd": "python3-aiosmtpd",
    "/usr/bin/curl": "curl",
    "/usr/bin/gtlsclient": "ngtcp2-client",
    "/usr/bin/openssl": "openssl",
    "/usr/bin/psql": "postgresql",
    "/usr/bin/redis-cli": "redis-tools",
    "/usr/bin/ssh": "openssh-client",
    "/usr/sbin/dnsmasq": "dnsmasq-base",
    "/usr/sbin/gtlsserver": "ngtcp2-server",
    "/usr/sbin/nghttpd": "nghttp2-server",
    "/usr/sbin/sshd": "openssh-server",
    POSTGRES: "postgresql",
}


class Server(NamedTuple):
    port: int
    argv: tuple
    prepare: Callable = lambda w: None


class Workload(NamedTuple):
    server: str                 # of SERVERS
    capture_filter: str
    commands: list              # one after the other


WEB = """
import http.server, sys
class Hello(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def do_GET(self):
        self.send_response(200)
        self.send_header('Content-Length', '6')
        self.end_headers()
        self.wfile.write(b'hello\\n')
http.server.ThreadingHTTPServer(
    (sys.argv[1], int(sys.argv[2])), Hello).serve_forever()
"""


def http_server(port):
    return Server(port, ("/usr/bin/python3", "web.py", SERVER, port))


def prepare_sshd(w):
    w.make("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "",
           "-f", "host_key")
    (w.dir / "sshd_config").write_text(
        f"ListenAddress {SERVER}:22\nHostKey {w.dir}/host_key\n"
        "PidFile none\nUsePAM no\n")


AS_POSTGRES = ("/usr/bin/setpriv", "--reuid=postgres", "--regid=postgres",
               "--clear-groups")


def prepare_postgresql(w):
    data = w.dir / "postgresql"
    data.mkdir()
    shutil.chown(data, "postgres", "postgres")
    w.make(*AS_POSTGRES, INITDB, "-D", data.name, "-A", "trust", "--no-sync")
    (data / "pg_hba.conf").write_text("host all all 192.0.2.0/24 trust\n")


def prepare_redis(w):
    # One program under several names; that of the server is in a package
    # that starts it.
    (w.dir / "redis-server").symlink_to("/usr/bin/redis-check-rdb")


SERVERS = {
    "dns": Server(53, (
        "/usr/sbin/dnsmasq", "--no-daemon", "--conf-file=", "--no-hosts",
        "--no-resolv", "--user=root", "--bind-interfaces",
        f"--listen-address={SERVER}", f"--address=/example.com/{SERVER}",
        "--local=/example.com/", "--local=/invalid/")),
    "dot": Server(853, (
        "/usr/bin/openssl", "s_server", "-rev", "-accept", f"{SERVER}:853",
        "-alpn", "dot", "-cert", "cert.pem", "-key", "key.pem")),
    "http": http_server(80),
    "http-port": http_server(9000),
    "http2": Server(8082, ("/usr/sbin/nghttpd", "--no-tls", "-d", "www",
                           "-a", SERVER, 8082)),
    "https": Server(443, ("/usr/sbin/nghttpd", "-d", "www", "-a", SERVER, 443,
                          "key.pem", "cert.pem")),
    "postgresql": Server(5432, (
        *AS_POSTGRES, POSTGRES, "-D", "postgresql", "-F", "-h", SERVER,
        "-k", ""), prepare_postgresql),
    "quic": Server(4433, ("/usr/sbin/gtlsserver", "-q", "-d", "www", SERVER,
                          4433, "key.pem", "cert.pem")),
    "redis": Server(6379, ("./redis-server", "--bind", SERVER,
                           "--protected-mode", "no", "--save", ""),
                    prepare_redis),
    "smtp": Server(25, (
        "/usr/bin/aiosmtpd", "-n", "-l", f"{SERVER}:25",
        "-c", "aiosmtpd.handlers.Sink", "--tlscert", "cert.pem",
        "--tlskey", "key.pem", "--no-requiretls")),
    "ssh": Server(22, (*world.RUN_SSHD, "/usr/sbin/sshd", "-D", "-e", "-f",
                       "sshd_config"), prepare_sshd),
}

CURL = ("/usr/bin/curl", "-4sk")
MAIL = ("--mail-from", "a@example.com", "--mail-rcpt", "b@example.com",
        "-T", "mail", "smtp://mail.example.com/client.example.com")

WORKLOADS = {
    "dns": Workload("http", "ip", [
        (*CURL, "http://www.example.com/"),
        ("/usr/bin/curl", "-s", "http://nowhere.invalid/")]),
    "http": Workload("http", "tcp port 80", [
        (*CURL, "http://www.example.com/first",
         "http://www.example.com/second"),
        (*CURL, "--proxy", f"http://{SERVER}:80/",
         "http://one.example.com/1", "http://two.example.com/2")]),
    "http-port": Workload("http-port", "tcp port 9000", [
        (*CURL, "http://dev.example.com:9000/")]),
    "http2": Workload("http2", "tcp port 8082", [
        (*CURL, "--http2-prior-knowledge",
         "http://www.example.com:8082/page")]),
    "tls12": Workload("https", "tcp port 443", [
        (*CURL, "--tls-max", "1.2", "https://old.example.com/")]),
    "tls13": Workload("https", "tcp port 443", [
        (*CURL, "--tlsv1.3", "https://new.example.com/")]),
    "dot": Workload("dot", "tcp port 853", [
        ("/usr/bin/openssl", "s_client", "-quiet", "-no_ign_eof",
         "-alpn", "dot", "-servername", "dns.example.com",
         "-connect", "dns.example.com:853")]),
    "ssh": Workload("ssh", "tcp port 22", [
        ("/usr/bin/ssh", "-F", "none", "-o", "BatchMode=yes",
         "-o", "StrictHostKeyChecking=no",
         "-o", "UserKnownHostsFile=/dev/null",
         "-o", "PubkeyAuthentication=no",
         # Wireshark 4.6 has a word to say about others on stderr.
         "-o", "KexAlgorithms=curve25519-sha256",
         "shell.example.com", "true")]),
    "smtp": Workload("smtp", "tcp port 25", [(*CURL, *MAIL)]),
    "smtp-starttls": Workload("smtp", "tcp port 25", [
        (*CURL, "--ssl-reqd", *MAIL)]),
    "postgresql": Workload("postgresql", "tcp port 5432", [
        ("/usr/bin/psql", "-h", "db.example.com", "-U", "postgres",
         "-Atc", "select 42")]),
    "redis": Workload("redis", "tcp port 6379", [
        ("/usr/bin/redis-cli", "-h", "cache.example.com", "set", "a", "1")]),
    "quic": Workload("quic", "udp port 4433", [
        ("/usr/bin/gtlsclient", "-q", "--exit-on-all-streams-close",
         "quic.example.com", "4433", "https://quic.example.com:4433/")]),
}


def missing(workload):
    """The first package that has to be installed for it, or None."""
    for argv in (SERVERS["dns"].argv, SERVERS[workload.server].argv,
                 *workload.commands):
        for word in argv:
            if word in PACKAGES and not glob(word):
                return PACKAGES[word]
    return None


def found(argv):
    """The newest version of each program whose version is left open."""
    return [max(glob(word)) if word in (POSTGRES, INITDB) else word
            for word in argv]


class World:
    """A client's and a server's host; a context.  Servers start on demand."""

    def __enter__(self):
        with contextlib.ExitStack() as self.stack:
            self.dir = Path(self.stack.enter_context(
                tempfile.TemporaryDirectory(prefix="pktwho-protocols-")))
            self.dir.chmod(0o755)
            self.near, self.far = self.namespace(), self.namespace()
            world.link(self.near, self.far, (f"{CLIENT}/24", f"{SERVER}/24"))
            self.write_files()
            self.serving = set()
            self.stack = self.stack.pop_all()
        return self

    def __exit__(self, *_):
        self.stack.close()

    def namespace(self):
        ns = Namespace()
        self.stack.callback(ns.close)
        etc = Path("/etc/netns", ns.name)
        etc.mkdir(parents=True)
        self.stack.callback(remove, etc)
        (etc / "resolv.conf").write_text(f"nameserver {SERVER}\nsearch .\n")
        (etc / "hosts").write_text("127.0.0.1 localhost\n")
        (etc / "nsswitch.conf").write_text("hosts: files dns\n")
        return ns

    def write_files(self):
        self.make("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
                  "-days", "36500", "-subj", "/CN=example.com",
                  "-keyout", "key.pem", "-out", "cert.pem")
        (self.dir / "mail").write_text("Subject: hello\n\nhello\n")
        (self.dir / "web.py").write_text(WEB)
        (self.dir / "www").mkdir()
        for page in ("index.html", "page"):
            (self.dir / "www" / page).write_text("hello\n")

    def make(self, *argv):
        world.run(*found(argv), cwd=self.dir, env=ENV, check=True)

    def serve(self, name):
        """Starts a server, unless it has been, and waits until it listens."""
        if name in self.serving:
            return
        port, argv, prepare = SERVERS[name]
        prepare(self)
        log = self.dir / f"{name}.log"
        with log.open("w") as out:
            process = subprocess.Popen(
                self.far.argv(*found(argv)), env=ENV, cwd=self.dir,
                stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                start_new_session=True)
        self.stack.callback(end, process)

        def listens():
            if process.poll() is not None:
                raise AssertionError(f"{name} server: {log.read_text()}")
            return f" {SERVER}:{port} " in self.far.run("ss", "-Hlnut").stdout

        wait_for(listens, f"{name} server on port {port}")
        self.serving.add(name)

    def record(self, workload, path):
        """Captures what it sends; returns what all programs said."""
        self.serve("dns")
        self.serve(workload.server)
        capture = Capture(path, "-i", "veth0", "-f", workload.capture_filter,
                          within=self.near, env=ENV)
        said = [self.run(*argv) for argv in workload.commands]
        wait_for(self.idle, "end of all connections")
        status, last = capture.stop()
        assert status == 0, last
        return "".join([*said, last])

    def run(self, *argv):
        done = self.near.run(*argv, env=ENV, cwd=self.dir, input="",
                             timeout=world.PATIENCE)
        return f"{argv[0]}: exit {done.returncode} {done.stderr}\n"

    def idle(self):
        return not any(ns.run("ss", "-Hnt").stdout
                       for ns in (self.near, self.far))


def remove(etc):
    shutil.rmtree(etc)
    with contextlib.suppress(OSError):  # others have theirs in there
        etc.parent.rmdir()


def end(process):
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
