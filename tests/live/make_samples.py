# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the samples of real traffic anew; see samples/README.md.

  python3 tests/live/make_samples.py build/capture/pktwho build/plugin/pktwho.so

Needs root, curl and dnsmasq.  Only what Debian installs takes part, so that
no path of the machine that made them is in the samples.
"""
import os
import subprocess
import tempfile
from pathlib import Path

import world
from world import Capture, Namespace, need, need_root, wait_for

ENV = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C.UTF-8"}


def background(ns, *argv, cwd):
    return subprocess.Popen(ns.argv(*argv), env=ENV, cwd=cwd,
                            stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)


def listens(ns, address):
    wait_for(lambda: address in ns.run("ss", "-Hlnut").stdout, address)


def save(capture, name):
    status, said = capture.stop(settle=0.3)
    assert status == 0, said
    data = capture.path.read_bytes()
    (world.SAMPLES / name).write_bytes(data)
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


if __name__ == "__main__":
    need_root()
    need("curl", "dnsmasq", "ss", "/usr/bin/python3")
    os.umask(0o022)
    with tempfile.TemporaryDirectory() as name:
        Path(name, "index.html").write_text("Hello from the sample.\n")
        loopback_http(Path(name))
        dns_then_connect(Path(name))
