# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands out in pktwho top: each kind of it, and an honest twin of each."""
import json
import os
import shutil
import subprocess
import sys

import world
from world import PKTWHO, wait_for

# Where iptoasn has these; and one of RFC 5737, which is nowhere.
GB, US, BR, NOWHERE = "81.2.69.142", "8.8.8.8", "200.160.2.3", "198.51.100.7"
FAR, ELSE = "10.9.0.2", "10.9.1.2"
NAME = "www.example.com"
BULK, BAD_BULK = "7400", "7401"

# HTTP everywhere, SSH on two ports, and two where all is taken.
SERVERS = f"""
import socket, threading
PAGE = b"HTTP/1.0 200 OK\\r\\nContent-Length: 3\\r\\n\\r\\nhi\\n"
def serve(c, port):
    if port in (21, 22):
        c.sendall(b"SSH-2.0-OpenSSH_9.2\\r\\n")
    data = c.recv(65536)
    if data[:3] == b"GET":
        c.sendall(PAGE)
    while port in ({BULK}, {BAD_BULK}) and c.recv(65536):
        pass
    c.close()
def listen(s, port):
    while True:
        threading.Thread(target=serve, args=(s.accept()[0], port),
                         daemon=True).start()
for port in (21, 22, 80, 110, 443, {BULK}, {BAD_BULK}):
    s = socket.create_server(("0.0.0.0", port), backlog=64)
    threading.Thread(target=listen, args=(s, port), daemon=True).start()
print("serves", flush=True)
threading.Event().wait()
"""
# Says that it runs, and does what it is told, a line for each.
CLIENT = """
import os, socket, ssl, struct, sys
def connect(addr, port):
    return socket.create_connection((addr, int(port)), 60)
def get(addr, port="80"):
    with connect(addr, port) as s:
        s.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n")
        while s.recv(4096):
            pass
def ssh(addr, port):
    with connect(addr, port) as s:
        s.recv(4096)
        s.sendall(b"SSH-2.0-OpenSSH_9.2\\r\\n")
        s.recv(4096)
def ask(addr, name):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(60)
        s.sendto(struct.pack("!HHHHHH", 7, 0x100, 1, 0, 0, 0) + b"".join(
                 bytes([len(w)]) + w.encode() for w in name.split(".")) +
                 b"\\0" + struct.pack("!HH", 1, 1), (addr, 53))
        s.recv(512)
def tls(addr, name):
    with connect(addr, "443") as s:
        try:
            ssl.create_default_context().wrap_socket(s, server_hostname=name)
        except OSError:
            pass        # it hangs up, but it was asked
def bulk(addr, port):
    with connect(addr, port) as s:
        for _ in range(30):
            s.sendall(bytes(3000))
        s.shutdown(socket.SHUT_WR)
        s.recv(1)
def unlink():
    os.unlink(os.readlink("/proc/self/exe"))
print("runs", flush=True)
for line in sys.stdin:
    what, *args = line.split()
    globals()[what](*args)
    print("done", flush=True)
"""
# Executes a program from memory, or a file; its name is the descriptor.
BY_FD = """
import os, sys
fd = os.open(sys.argv[3], os.O_RDONLY)
if sys.argv[1] == "memory":
    file, fd = fd, os.memfd_create("x")
    while os.sendfile(fd, file, None, 1 << 30):
        pass
os.dup2(fd, int(sys.argv[2]))
os.execve(f"/proc/self/fd/{sys.argv[2]}", sys.argv[3:], os.environ)
"""
# A host that is not this one, behind a tun device: its DNS has all names at
# one address, where whatever comes by TCP is answered by a reset.
ELSEWHERE = """
import fcntl, os, socket, struct
tun = os.open("/dev/net/tun", os.O_RDWR)
IFF_TUN_NO_PI, TUNSETIFF = 0x1001, 0x400454ca
fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", b"tun0", IFF_TUN_NO_PI))
print("is there", flush=True)
def checksum(data):
    n = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while n >> 16:
        n = (n & 0xffff) + (n >> 16)
    return struct.pack("!H", ~n & 0xffff)
def answer(p, proto, data, at):
    if at:
        whole = p[16:20] + p[12:16] + struct.pack("!HH", proto, len(data)) + \
            data + bytes(len(data) % 2)
        data = data[:at] + checksum(whole) + data[at + 2:]
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(data), 0, 0, 64, proto,
                     0) + p[16:20] + p[12:16]
    os.write(tun, ip[:10] + checksum(ip) + ip[12:] + data)
def dns(p, q):
    data = q[8:10] + struct.pack("!HHHHH", 0x8180, 1, 1, 0, 0) + q[20:] + \
        struct.pack("!HHHIH", 0xc00c, 1, 1, 60, 4) + p[16:20]
    answer(p, 17, q[2:4] + q[:2] + struct.pack("!HH", 8 + len(data), 0) +
           data, 0)
def tcp(p, q):
    seq, ack, size, flags = struct.unpack("!IIBB", q[4:14])
    if flags & 2:
        seq, ack, flags = 0, seq + 1, 0x12
    elif len(q) > size // 16 * 4:
        seq, ack, flags = ack, seq + len(q) - size // 16 * 4, 0x14
    else:
        return
    answer(p, 6, q[2:4] + q[:2] + struct.pack(
        "!IIBBHHH", seq, ack & 0xffffffff, 0x50, flags, 65535, 0, 0), 16)
while p := os.read(tun, 65536):
    if p[0] == 0x45 and p[9] in (6, 17):
        (tcp if p[9] == 6 else dns)(p, p[20:])
"""


class Alerts(world.LiveTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        os.environ.update(cls.tshark.environment())

    def setUp(self):
        self.near, self.far = self.namespace(), self.namespace()
        world.link(self.near, self.far, ("10.9.0.1/24", f"{FAR}/24"))
        self.near.ip("route", "add", "default", "via", FAR)
        self.far.run("nft", "add table ip a; add chain ip a in "
                     "{ type filter hook input priority 0; }; add rule ip a in"
                     f" tcp dport {BAD_BULK} numgen inc mod 6 == 5 drop",
                     check=True)
        for addr in GB, US, BR, NOWHERE:
            self.far.ip("addr", "add", addr, "dev", "lo")
        self.server(ELSEWHERE, within=self.near)
        self.near.ip("addr", "add", "10.9.1.1/24", "dev", "tun0")
        self.near.ip("link", "set", "tun0", "up")
        self.server(SERVERS, within=self.far)
        self.python = os.path.realpath(shutil.which("python3.11") or
                                       sys.executable)
        self.env = {**os.environ, "PYTHONHOME": sys.base_prefix}

    def program(self, name, *words, directory="bin", mode=0o755, by=None):
        """A Python of that name, which does these first; a list for each."""
        path = self.dir / directory / name
        path.parent.mkdir(exist_ok=True)
        shutil.copy(self.python, path)
        path.chmod(mode)
        argv = [path, "-c", CLIENT]
        if by:
            argv = ["python3", "-c", BY_FD, by, name, *argv]
        p = self.start(self.near.argv(*argv), stdin=subprocess.PIPE,
                       stdout=subprocess.PIPE, env=self.env)
        self.addCleanup(p.stdin.close)
        self.addCleanup(p.stdout.close)
        self.assertEqual(p.stdout.readline(), "runs\n")
        self.tell(p, *words)
        return p

    def tell(self, program, *words):
        for line in words:
            program.stdin.write(line + "\n")
            program.stdin.flush()
            self.assertEqual(program.stdout.readline(), "done\n", line)

    def capture(self):
        """In which "what" stands: what of the connections of each program."""
        path = self.dir / "beside.pcapng"
        p = self.start(self.near.argv(
            PKTWHO, "top", "-q", "-i", "veth0", "-i", "tun0", "--batch",
            "--json", "--interval", "1000", "--countries", "GB, us", "-w", path),
            stdout=subprocess.PIPE)
        self.addCleanup(p.stdout.close)
        wait_for(lambda: path.exists() and path.stat().st_size, "capture")
        return p

    def alerts(self, capture):
        capture.terminate()
        report = json.loads(capture.stdout.read())
        self.assertEqual(capture.wait(world.PATIENCE), 0)
        found = {}
        for row in sorted(report["rows"], key=lambda row: row["first"]):
            if "remote" in row and row.get("pid"):
                found.setdefault(row["name"].split()[0], []).append(
                    row.get("alerts", ""))
        return found

    def test_each_and_its_twin(self):
        get = f"get {NOWHERE}"
        wide_open = self.dir / "open"
        wide_open.mkdir()
        wide_open.chmod(0o777)
        early, there = self.program("early"), self.program("there")
        (self.dir / "bin/early").unlink()
        capture = self.capture()
        self.tell(early, get)
        self.tell(there, get)
        self.program("itself", get, "unlink", get)
        self.program("40", get, by="memory")
        self.program("41", get, by="file")
        self.program("open", get, directory="open")
        self.program("open-file", get, mode=0o757)
        self.program("group-file", get, mode=0o775)
        self.program("abroad", f"get {BR}")
        self.program("at-home", f"get {GB}", f"get {GB}", get)
        self.program("travels", f"get {GB}", get, f"get {US}", f"get {US}")
        self.program("ports", f"get {NOWHERE} 110", f"ssh {NOWHERE} 21")
        self.program("own-ports", get, f"ssh {NOWHERE} 22")
        self.program("resends", f"bulk {NOWHERE} {BAD_BULK}")
        self.program("sends", f"bulk {NOWHERE} {BULK}")
        self.program("asks", f"ask {ELSE} {NAME}", f"tls {ELSE} {NAME}")
        self.program("knows", f"tls {ELSE} other.example.com")
        deleted, anyone = "executable deleted", "executable that anyone may " \
            "write"
        port = "a protocol on a port not its own"
        self.assertEqual(self.alerts(capture), {
            "early": [deleted], "there": [""],
            "itself": [deleted, deleted],
            "40": [f"{deleted}, runs from memory"], "41": [""],
            "open": [anyone], "open-file": [anyone], "group-file": [""],
            "abroad": ["another country"], "at-home": ["", "", ""],
            "travels": ["", "", "country new to this program", ""],
            "ports": [port, port], "own-ports": ["", ""],
            "resends": ["many retransmissions"], "sends": [""],
            "asks": ["", ""],
            "knows": ["a server name nobody asked DNS for"]})


if __name__ == "__main__":
    world.need("nft", "unshare")
    world.main()
