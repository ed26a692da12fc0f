# SPDX-License-Identifier: GPL-3.0-or-later
"""Case 9: packets without a socket, and without an owner of their own."""
import os
import shutil
import socket
import struct

from truth import pause

from . import case
from .icmp import checksum
from .parts import connection, echo_server, listener, quiet, slow_exchange

FOREIGN = {4: ("203.0.113.10", "203.0.113.20"),
           6: ("2001:db8:f::10", "2001:db8:f::20")}


@case(9, "RST for a closed port")
def closed_port(s):
    """The kernel refuses; the client is named, nobody else is."""
    for _ in range(5):
        s.client(refused, s.af, s.source, (s.target, s.port())).wait()


def refused(me, family, source, addr):
    s = me.tcp(family)
    s.bind((source, 0))     # after a refusal the port is no longer told
    quiet(s.connect, addr)
    s.close()


@case(9, "TIME_WAIT, the client is gone first")
def time_wait(s):
    """The last ACKs are the kernel's, on behalf of who is gone."""
    port = s.port()
    s.server(late_closer, s.af, port)
    for _ in range(5):
        s.client(say_and_go, s.af, (s.target, port)).wait()
        pause(60)


def late_closer(me, family, port):
    s = listener(me, family, port)
    me.tell()
    while True:
        c = s.accept()
        c.recv()
        pause(40)
        c.close()


def say_and_go(me, family, addr):
    s = connection(me, family, addr)
    s.send(b"bye")
    s.close()


@case(9, "RST for what comes after the end")
def too_late(s):
    """Data for a connection that was reset: refused for its last owner."""
    port = s.port()
    s.server(talks_on, s.af, port)
    for _ in range(5):
        s.client(cut_off, s.af, (s.target, port)).wait()
        pause(60)


def talks_on(me, family, port):
    s = listener(me, family, port)
    me.tell()
    while True:
        c = s.accept()
        pause(30)
        quiet(c.send, b"are you still there")
        c.close()


def cut_off(me, family, addr):
    """Closes with data unread: RST, not FIN."""
    s = connection(me, family, addr)
    s.option(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()


@case(9, "SYN cookies")
def syn_cookies(s):
    """The handshake has no socket at all on the server's side."""
    port = s.port()
    s.far.sysctl("net/ipv4/tcp_syncookies", 2)
    s.server(echo_server, s.af, port)
    for _ in range(5):
        s.client(slow_exchange, s.af, (s.target, port)).wait()
    s.far.sysctl("net/ipv4/tcp_syncookies", 1)


@case(9, "forwarded, both ends elsewhere")
def forwarded(s):
    """Injected with foreign addresses, routed on by H: no end is here."""
    if s.loop:
        return
    source, target = FOREIGN[s.family]
    port = s.port()
    mac = s.next_hop.ns.run("cat", "/sys/class/net/va/address").stdout
    mac = bytes.fromhex(mac.strip().replace(":", ""))
    s.client(inject, s.family, mac, (source, port), (target, port + 1),
             name="injector").wait()
    pause(20)


def frame(family, mac, src, dst):
    datagram = struct.pack(">HHHH", src[1], dst[1], 12, 0) + b"away"
    af = socket.AF_INET if family == 4 else socket.AF_INET6
    pair = socket.inet_pton(af, src[0]) + socket.inet_pton(af, dst[0])
    if family == 4:
        head = struct.pack(">BBHHHBBH", 0x45, 0, 32, 7, 0, 64, 17, 0)
        sum_ = checksum(head + pair)
        head = head[:10] + struct.pack(">H", sum_)
        return mac + bytes(6) + b"\x08\x00" + head + pair + datagram
    pseudo = pair + struct.pack(">II", 12, 17) + datagram
    datagram = datagram[:6] + struct.pack(">H", checksum(pseudo)) + b"away"
    head = struct.pack(">IHBB", 6 << 28, 12, 17, 64)
    return mac + bytes(6) + b"\x86\xdd" + head + pair + datagram


def inject(me, family, mac, src, dst):
    me.claim("forwarded", "udp", src, dst, me.token)
    me.claim("forwarded", "udp", dst, src)
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    s.bind(("veth0", 0))
    for _ in range(5):
        s.send(frame(family, mac, src, dst))
        pause(2)


@case(9, "NAT in the router")
def nat(s):
    """Behind the translation the inner owner, or nobody: never another."""
    if s.loop:
        return
    if not shutil.which("nft"):
        s.skip("no nft")
        return
    family = "ip" if s.family == 4 else "ip6"
    rules = (f"table {family} pktwho {{ chain post {{ type nat hook "
             "postrouting priority 100; oifname vb masquerade; }; }")
    done = s.next_hop.ns.run("nft", rules)
    if done.returncode:
        s.skip(done.stderr.splitlines()[0])
        return
    port = s.port()
    s.server(translated_server, s.af, port, s.source)
    for _ in range(3):
        s.client(translated, s.af, (s.target, port)).wait()
    s.next_hop.ns.run("nft", f"delete table {family} pktwho", check=True)


def translated_server(me, family, port, real_source):
    """Learns from the client what the router hides, and tells it."""
    s = listener(me, family, port)
    me.tell()
    while True:
        c = s.accept()
        token, real_port = c.recv().decode().split()
        me.claim("forwarded", "tcp", c.remote, c.local, token, since=0)
        me.claim("forwarded", "tcp", c.local, (real_source, int(real_port)),
                 me.token, since=0)
        c.send(b"thanks")
        c.recv()
        c.close()


def translated(me, family, addr):
    s = connection(me, family, addr)
    s.send(f"{me.token} {s.local[1]}".encode())
    s.recv()
    pause()
    s.close()


@case(9, "a socket of AF_PACKET beside ours")
def packet_socket(s):
    """A sniffer that only listens is never taken for an owner."""
    port = s.port()
    s.server(echo_server, s.af, port)
    sniffer = s.spawn(s.far, "sniffer", sniff)
    sniffer.ready()
    for _ in range(3):
        s.client(slow_exchange, s.af, (s.target, port)).wait()


def sniff(me):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0x0300)
    me.tell()
    while True:
        os.read(s.fileno(), 100)
