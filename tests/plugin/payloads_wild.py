# SPDX-License-Identifier: GPL-3.0-or-later
"""What real programs say that is in no example, and halves of conversations.

As in payloads.py, but each as some program of today sends it: with other
options, in another order, or heard from one end alone.
"""
import struct

from payloads import (HTTP, MAIL, OK, SMB2, STUN, be16, be32, ber, h2_frame,
                      h2_headers, le32, sized, tls_hello)

ICE = STUN[:2] + be16(8) + STUN[4:] + be16(0x24, 4) + be32(0x6e0001ff)
NOTIFY = be16(7, 0x2400, 1, 0, 0, 0) + b"\7example\3com\0" + be16(6, 1)
AUTHORITY = (b"\xc0\x0c" + be16(6, 1) + be32(3600) + sized(
    b"\xc0\x0c\xc0\x0c" + be32(1, 2, 3, 4, 5), ">H"))


def startup(*words):
    return sized(be32(196608) + b"".join(w + b"\0" for w in words) + b"\0",
                 whole=True)


def proxied(version, *more):
    """HAProxy's second way to say whom it stands for."""
    return (b"\r\n\r\n\0\r\nQUIT\n" + bytes([version, 0x11]) + sized(
        bytes([192, 0, 2, 1, 203, 0, 113, 1]) + be16(50001, 443), ">H")
        + b"".join(more))


def compressed(code):
    """MongoDB's OP_COMPRESSED; by snappy."""
    return sized(le32(1, 0, 2012, code, 60) + b"\1" + bytes(40), "<I",
                 whole=True)


MONGO_ASKS = sized(le32(9, 0, 2004, 0) + b"admin.$cmd\0" + le32(0, 0xffffffff)
                   + sized(b"\x10isMaster\0\1\0\0\0\0", "<I", whole=True),
                   "<I", whole=True)
ORACLE = (be16(74, 0) + b"\1\0\0\0" + be16(0x13f, 0x12c, 0x0c41, 0x2000, 0x7fff,
                                       0x7f08, 0, 1, 400, 74)
          + bytes(4) + b"\x41\x41" + bytes(40))
RPC_SAYS = be32(7, 1, 0, 0, 0, 0) + bytes(24)
EHLO_SAYS = b"250-mail.example.com\r\n250-PIPELINING\r\n250 SIZE 1\r\n"

TCP_WILD = {
    # OpenVPN's third reset, after which the client's key is.
    "openvpn 3": ("OpenVPN", 1194, sized(
        b"\x50session1" + be32(0x0f000001, 0x66000000) + b"t" * 47
        + b"w" * 317 + be16(319), ">H")),
    "ice over tcp": ("STUN", 3478, sized(ICE, ">H")),
    "dns notify": ("DNS", 53, sized(NOTIFY, ">H")),
    "dns transfer": ("DNS", 53, (sized(
        be16(7, 0x8400, 1, 0, 1, 0) + b"\7example\3com\0" + be16(252, 1)
        + AUTHORITY, ">H"),)),
    "postgresql of go": ("PostgreSQL", 5432, startup(
        b"client_encoding", b"UTF8", b"user", b"me")),
    "postgresql of java": ("PostgreSQL", 5432, startup(
        b"database", b"db", b"user", b"me")),
    "postgresql replicates": ("PostgreSQL", 5432, startup(
        b"replication", b"true", b"user", b"me")),
    "postgresql by gss": ("PostgreSQL", 5432, be32(8, 80877104)),
    "postgresql in tls at once": ("PostgreSQL", 5432, tls_hello(
        "db.example.com", b"postgresql")),
    "oracle with much to say": ("Oracle", 1521, ORACLE),
    "mongodb of old": ("MongoDB", 27017, MONGO_ASKS),
    "mongodb compressed": ("MongoDB", 27017, compressed(2013),
                           (compressed(2013),)),
    "cassandra of datastax": ("Cassandra", 9042, b"\x42\0\0\0\5" + be32(0)),
    "redis 3": ("Redis", 6379, b"*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n", (
        b"%1\r\n$6\r\nserver\r\n$5\r\nredis\r\n",)),
    "redis 3 answers": ("Redis", 6379, (
        b"%7\r\n$6\r\nserver\r\n$5\r\nredis\r\n",)),
    "memcached version": ("Memcached", 11211, (b"VERSION 1.6.18\r\n",)),
    "memcached gat": ("Memcached", 11211, b"gat 60 key\r\n", (b"END\r\n",)),
    "memcached gats": ("Memcached", 11211, b"gats 60 key\r\n",
                       (b"END\r\n",)),
    "nfs answers": ("RPC", 23461, (be32(0x80000000 + len(RPC_SAYS))
                                   + RPC_SAYS,)),
    "git server": ("Git", 9418, (b"000eversion 1\n" b"003d" + b"0a" * 20
                                 + b" refs/heads/a\n",)),
    "git head": ("Git", 9418, (b"00d9" + b"0a" * 20
                               + b" HEAD\0multi_ack thin-pack\n",)),
    "nbd client": ("NBD", 10809, be32(3) + b"IHAVEOPT" + be32(7, 0)),
    "rtmp of ffmpeg": ("RTMP", 1935, b"\3" + be32(0) + b"\x09\0\x7c\2"
                       + b"r" * 1528),
    # One after the other.
    "imap then tls": ("IMAP", 143, (b"* OK IMAP4rev1 ready\r\n",),
                      b"a1 STARTTLS\r\n", (b"a1 OK go\r\n",), MAIL),
    "pop then tls": ("POP3", 110, (b"+OK POP3 ready\r\n",), b"STLS\r\n",
                     (b"+OK go\r\n",), MAIL),
    "ftp then tls": ("FTP", 21, (b"220 ftp ready\r\n",), b"AUTH TLS\r\n",
                     (b"234 go\r\n",), MAIL),
    "nntp then tls": ("NNTP", 119, (
        b"200 news.example.com InterNetNews NNRP server ready\r\n",),
        b"STARTTLS\r\n", (b"382 go\r\n",), MAIL),
    "ldap then tls": ("LDAP", 389, b"\x30\x1d\2\1\1\x77\x18\x80\x16"
                      b"1.3.6.1.4.1.1466.20037",
                      (b"\x30\x0c\2\1\1\x78\7\x0a\1\0\4\0\4\0",), MAIL),
    "postgresql then tls": ("PostgreSQL", 5432, be32(8, 80877103), (b"S",),
                            MAIL),
    "postgresql without tls": ("PostgreSQL", 5432, be32(8, 80877103), (b"N",),
                               startup(b"user", b"me", b"database", b"db")),
    # One end alone.
    "imap server then tls": ("IMAP", 143, (
        b"* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n",),
        (b"a1 OK go\r\n",)),
    "ldap client then tls": ("LDAP", 389, b"\x30\x1d\2\1\1\x77\x18\x80\x16"
                             b"1.3.6.1.4.1.1466.20037", MAIL),
    "postgresql client then tls": ("PostgreSQL", 5432, be32(8, 80877103),
                                   MAIL),
    "http goes on": ("HTTP", 80, (b"HTTP/1.1 100 Continue\r\n\r\n",)),
    "vnc of apple": ("VNC", 5900, (b"RFB 003.889\n",)),
    "ssh of old": ("SSH", 22, (b"SSH-1.99-Cisco-1.25\n",)),
    "ssh after lines": ("SSH", 22, (b"Members only\r\n\xc2\xa1No!\r\n"
                                    b"SSH-2.0-OpenSSH_9.2p1\r\n",)),
    "redis asks for a password": ("Redis", 6379, b"*1\r\n$4\r\nINFO\r\n", (
        b"-NOAUTH Authentication required.\r\n",)),
    "mqtt 5": ("MQTT", 1883, b"\x10\x16\0\4MQTT\5\2\0\x3c\0\0\x09mosqclnt1"),
    "smtp server": ("SMTP", 25, (b"220 mx.example.com ready\r\n",),
                    (EHLO_SAYS,), (b"250 2.1.0 Ok\r\n",)),
    "smtp answers": ("SMTP", 25, (EHLO_SAYS,)),
    "smtp server greets twice": ("SMTP", 25, (b"220-mx\r\n220 welcome\r\n",),
                                 (b"250 mx.example.com\r\n",)),
    "ftp server": ("FTP", 21, (b"220 hello\r\n",), (b"331 And?\r\n",)),
    "ftp server features": ("FTP", 21, (b"220 hello\r\n",),
                            (b"211-Features:\r\n MDTM\r\n211 End\r\n",)),
    "ftp user": ("FTP", 21, b"USER me\r\n", b"PASS x\r\n", b"SYST\r\n"),
    "ftp files": ("FTP", 21, b"USER me\r\n", b"PASS x\r\n", b"TYPE I\r\n"),
    "ftp passive": ("FTP", 21, b"EPSV\r\n"),
    "pop user": ("POP3", 110, b"USER me\r\n", b"PASS x\r\n", b"STAT\r\n"),
    "pop list": ("POP3", 110, b"USER me\r\n", b"PASS x\r\n", b"UIDL\r\n"),
    "imap says": ("IMAP", 143, b"a1 NAMESPACE\r\n"),
    "imap idles": ("IMAP", 143, b"a7 IDLE\r\n", (b"+ idling\r\n",)),
    "imap compress": ("IMAP", 143, b"a1 LIST \"\" \"*\"\r\n"),
    "irc welcomes": ("IRC", 6667, (b":irc.example.com 001 me :Welcome to\r\n",)),
    "websocket server": ("WebSocket", 80, (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
        b"Connection: Upgrade\r\nSec-WebSocket-Accept: "
        b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",), (b"\x81\2hi",)),
    "smb asks for a name": ("SMB2", 139, b"\x81\0\0\x44" + b"\x20"
                            + b"CA" * 16 + b"\0\x20" + b"CA" * 16 + b"\0",
                            (b"\x82\0\0\0",), sized(SMB2)),
    "proxy 2 alone": ("HTTP", 80, proxied(0x21), HTTP, (OK,)),
    "http without words": ("HTTP", 80, b"GET / HTTP/1.0\r\n\r\n"),
    "icecast": ("HTTP", 8000, b"SOURCE /a HTTP/1.0\r\n\r\n"),
    "tls alert": ("TLS", 443, (b"\x15\3\3\0\2\2\x28",)),
    "tls heartbeat": ("TLS", 443, MAIL, (b"\x18\3\3\0\3\1\x40\0",)),
    "rdp in tls": ("RDP", 3389, b"\3\0\0\x2f\x2a\xe0" + bytes(5)
                   + b"Cookie: mstshash=administ\r\n\1\0\x08\0\x0b\0\0\0",
                   (b"\3\0\0\x13\x0e\xd0\0\0\x12\x34\0\2\0\x08\0\1\0\0\0",),
                   MAIL),
    "ike over tcp": ("ISAKMP", 4500, b"IKETCP" + sized(
        bytes(4) + bytes(range(1, 9)) + bytes(8) + b"\x21\x20\x22\x08"
        + be32(0, 44) + bytes(16), ">H", False)),
    "sip keeps alive": ("SIP", 5060, b"\r\n\r\n", (b"\r\n",),
                        b"REGISTER sip:example.com SIP/2.0\r\n"
                        b"Content-Length: 0\r\n\r\n"),
    "http2 server": ("gRPC", 50051, (
        h2_frame(4, 0, 0, be16(3) + be32(100)) + h2_frame(4, 1, 0)
        + h2_frame(1, 4, 1, h2_headers(**{
            ":status": "200", "content-type": "application/grpc"})),)),
}


def mdns(flags, *counts):
    return be16(0, flags, *counts)


SERVICE = b"\5_http\4_tcp\5local\0"
PTR = SERVICE + be16(12, 1) + be32(4500) + sized(b"\3web\xc0\x0c", ">H")

UDP_WILD = {
    "openvpn 3": ("OpenVPN", 1194, b"\x50session1" + be32(
        0x0f000001, 0x66000000) + b"t" * 47 + b"w" * 317 + be16(319)),
    "openvpn server": ("OpenVPN", 1194, (
        b"\x40session2\1" + be32(0) + b"session1" + be32(0),)),
    "openvpn server signs": ("OpenVPN", 1194, (
        b"\x40session2" + b"h" * 20 + be32(1, 0x66000000) + b"\1" + be32(0)
        + b"session1" + be32(0),)),
    "wireguard answers": ("WireGuard", 51820, (
        b"\2\0\0\0" + bytes(range(72)) + bytes(16),)),
    "dns notify": ("DNS", 53, NOTIFY),
    "dns notify answered": ("DNS", 53, (NOTIFY[:2] + b"\xa4" + NOTIFY[3:],)),
    "dns cookie": ("DNS", 53, be16(7, 0x0120, 1, 0, 0, 1)
                   + b"\7example\3com\0" + be16(65, 1) + b"\0" + be16(
                       41, 1232) + be32(0x8000) + sized(
                       be16(10, 8) + b"cookie12", ">H")),
    "nbns registers": ("NBNS", 137, be16(9, 0x2910, 1, 0, 0, 1) + b"\x20"
                       + b"CA" * 16 + b"\0" + be16(32, 1) + b"\xc0\x0c"
                       + be16(32, 1) + be32(300000) + sized(bytes(6), ">H")),
    "ntp of chrony": ("NTP", 123, b"\x23\0\6\x20" + bytes(36)
                      + be32(0x9b0f1a2c, 0x11223344)),
    "ntp of timesyncd": ("NTP", 123, b"\x23" + bytes(39)
                         + be32(0xea000000, 0x11223344)),
    "ntp with cookies": ("NTP", 123, b"\x23\0\6\x20" + bytes(36) + be32(
        0x9b0f1a2c, 7) + be16(0x104, 36) + b"u" * 32 + be16(0x204, 104)
        + b"c" * 100 + be16(0x404, 40) + be16(16, 16) + b"n" * 32),
    "ntp of peers": ("NTP", 123, b"\xd9\3\6\xe9" + be32(
        0x100, 0x200, 0xc0000201, 0xea000000, 1, 0xea000001, 2, 0xea000001, 3,
        0xea000002, 4)),
    "sntp 1": ("NTP", 123, b"\x1b" + bytes(47)),
    "snmp trap": ("SNMP", 162, ber(0x30, b"\2\1\0", ber(4, b"public"), ber(
        0xa4, b"\6\1\0\x40\4\0\0\0\0\2\1\0\2\1\0\x43\1\0\x30\0"))),
    "snmp of somebody": ("SNMP", 161, ber(
        0x30, b"\2\1\3", ber(0x30, b"\2\1\x07\2\3\0\xff\xe3\4\1\4\2\1\3"),
        ber(4, ber(0x30, b"\4\0\2\1\0\2\1\0\4\0\4\0\4\0")),
        ber(0x30, b"\4\0\4\0\xa0\x0b\2\1\7\2\1\0\2\1\0\x30\0"))),
    "tftp with options": ("TFTP", 69, b"\0\1a\0octet\0tsize\0" b"0\0"),
    "syslog of rfc": ("Syslog", 514, b"<165>1 2003-10-11T22:14:15.003Z host "
                      b"app - ID47 - \xef\xbb\xbfhi"),
    "stun of ice": ("STUN", 3478, ICE),
    "rdp over udp": ("RDP", 3389, be32(0xffffffff) + be16(64, 1) + be32(
        0x12345678) + be16(1232, 1232) + bytes(1216)),
    "sip of nobody": ("SIP", 5060, (b"SIP/2.0 200 OK\r\nCall-ID: 1\r\n\r\n",)),
    "ike 1": ("ISAKMP", 500, bytes(range(1, 9)) + bytes(8)
              + b"\1\x10\2\0" + be32(0, 44) + bytes(16)),
}

# Which on no other port are what they are.
UDP_OWN = {
    "mdns asks much": ("mDNS", 5353, mdns(0, 2, 0, 0, 0) + SERVICE + be16(
        12, 0x8001) + b"\4_ipp\xc0\x12" + be16(12, 1)),
    "mdns answers": ("mDNS", 5353, mdns(0x8400, 0, 1, 0, 0) + PTR),
    "mdns probes": ("mDNS", 5353, mdns(0, 1, 0, 1, 0) + b"\4host\5local\0"
                    + be16(255, 1) + b"\xc0\x0c" + be16(1, 1) + be32(120)
                    + sized(bytes([192, 0, 2, 1]), ">H")),
    "llmnr answers": ("LLMNR", 5355, (be16(7, 0x8000, 1, 1, 0, 0)
                                      + b"\4host\0" + be16(1, 1)
                                      + b"\xc0\x0c" + be16(1, 1) + be32(30)
                                      + sized(bytes([192, 0, 2, 1]), ">H"),)),
    "radius accepts": ("RADIUS", 1812, (b"\2\1" + be16(20) + b"a" * 16,)),
}

WILD_HOSTS = {
    "dns notify": "example.com",
    "proxy 2 alone": "www.example.com", "dns cookie": "example.com",
}
