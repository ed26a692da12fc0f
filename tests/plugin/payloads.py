# SPDX-License-Identifier: GPL-3.0-or-later
"""First words of protocols, as their specifications have them.

Each is (app, ports of its own, messages): a message of a client is bytes, one
of a server is in a tuple.  TCP and UDP have a table each.
"""
import struct

from harness import SOURCE
import pcapng


def be16(*values):
    return struct.pack(f">{len(values)}H", *values)


def be32(*values):
    return struct.pack(f">{len(values)}I", *values)


def le32(*values):
    return struct.pack(f"<{len(values)}I", *values)


def sized(body, of=">I", whole=False):
    """With its length before it, that of the @whole message if need be."""
    size = struct.calcsize(of)
    return struct.pack(of, len(body) + (size if whole else 0)) + body


def ber(tag, *parts):
    body = b"".join(parts)
    return bytes([tag, len(body)]) + body


def first_payload(name, over):
    """That of a sample, of its first frame with any."""
    data = (SOURCE / "tests/data/dpi" / f"{name}.pcapng").read_bytes()
    for block in pcapng.blocks(data):
        if block.kind != pcapng.EPB or block.data[23] != over:
            continue
        at = 34 + (8 if over == 17 else block.data[46] // 16 * 4)
        end = 14 + struct.unpack_from(">H", block.data, 16)[0]
        if end > at:
            return block.data[at:end]
    raise AssertionError(name)


def server_name(name):
    entry = b"\0" + sized(name.encode(), ">H")
    return be16(0) + sized(sized(entry, ">H"), ">H")


def dtls_hello(name):
    hello = (b"\xfe\xfd" + bytes(32) + b"\0\0" + sized(be16(0xc02b), ">H")
             + b"\1\0" + sized(server_name(name), ">H"))
    size = struct.pack(">I", len(hello))[1:]
    body = b"\1" + size + be16(0) + bytes(3) + size + hello
    return b"\x16\xfe\xfd" + bytes(8) + sized(body, ">H")


def tls_hello(name, alpn=b"", more=b""):
    """Of TLS 1.2: @more extensions, server_name, and ALPN."""
    extensions = more + server_name(name)
    if alpn:
        extensions += be16(16) + sized(sized(sized(alpn, ">B"), ">H"), ">H")
    hello = (b"\3\3" + bytes(32) + b"\0" + sized(be16(0xc02b), ">H")
             + b"\1\0" + sized(extensions, ">H"))
    body = b"\1" + struct.pack(">I", len(hello))[1:] + hello
    return b"\x16\3\1" + sized(body, ">H")


def question(name):
    labels = b"".join(sized(part.encode(), ">B") for part in name.split("."))
    return be16(7, 0x0100, 1, 0, 0, 0) + labels + b"\0" + be16(1, 1)


def h2_frame(kind, flags, stream, body=b""):
    return (struct.pack(">I", len(body))[1:] + bytes([kind, flags])
            + be32(stream) + body)


def h2_headers(**headers):
    return b"".join(b"\0" + sized(name.encode(), ">B")
                    + sized(value.encode(), ">B")
                    for name, value in headers.items())


def h2_request(content_type, path="/a"):
    return h2_frame(1, 4, 1, h2_headers(**{
        ":method": "POST", ":scheme": "http", ":authority": "api.example.com",
        ":path": path, "content-type": content_type}))


PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + h2_frame(4, 0, 0)
TLS = first_payload("tls13", 6)
QUIC = first_payload("quic", 17)
# Initial packets: the keys are made of the connection's number (RFC 9001, 5.2;
# RFC 9369, 3.3), and what they hide is a ClientHello.
DOQ = bytes.fromhex(
    "c100000001088494c8f03e51570800004078dff91750448364455403816d17e07332"
    "ffaab94f8e96d60def2b838211607ee1bfa62044f86f4ce3f8b896b5a419a1e849df"
    "b9ddd230179b5b15d09eab5918c3dfa80a69179f622b8cd1824de6cce6e7c5baa575"
    "b516351934eb135adbd3fddb484717c379ecdc40af3aa57bc66b8a4d7fc12bee86ac"
    "54dc")
QUIC2 = bytes.fromhex(
    "d26b3343cf088394c8f03e5157080000407601ea3f5d5a91caafe1cde119c54acf66"
    "a079831acd4ec4c844d676cb4d3b5d55ce35a3417e883944da41ad0d7d9e07c51326"
    "437f0b10a61978699e2587b432a72a74389af7a568f22c80585696c7960976ce5da1"
    "a63abddcba9bc97ce37fe92c3c5c10e93a27760c43b0856860c9fb687effc3d46e52")
HTTP = b"GET /a HTTP/1.1\r\nHost: www.example.com\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
SSH = b"SSH-2.0-OpenSSH_9.2p1\r\n"
STUN = be16(1, 0) + be32(0x2112a442) + bytes(12)
DTLS = dtls_hello("dtls.example.com")
SIP = (b"OPTIONS sip:a@example.com SIP/2.0\r\nCall-ID: 1\r\n"
       b"Content-Length: 0\r\n\r\n")
IKE = (bytes(range(1, 9)) + bytes(8) + b"\x21\x20\x22\x08" + be32(0, 44)
       + bytes(16))
SMB1 = (b"\xffSMBr" + bytes(4) + b"\x18\x53\xc8" + bytes(20) + b"\0"
        + b"\x0c\0\x02SMB 2.???\0")
SMB2 = b"\xfeSMB\x40\0" + bytes(58) + b"\x24\0" + bytes(34)
LDAP = ber(0x30, b"\2\1\1", ber(0x60, b"\2\1\3\4\0\x80\0"))
KERBEROS = ber(0x6a, ber(0x30, b"\xa1\3\2\1\5\xa2\3\2\1\x0a",
                         b"\xa4\2\x30\0"))
SNMP = ber(0x30, b"\2\1\1", ber(4, b"public"),
           ber(0xa0, b"\2\1\1\2\1\0\2\1\0", b"\x30\0"))
SYSLOG = b"<34>Oct 11 22:14:15 host su: failed"
NFS = be32(1, 0, 2, 100003, 3, 0, 0, 0, 0, 0)
KAFKA = sized(be16(18, 0) + be32(1) + sized(b"console", ">H"))
OPENVPN = b"\x38" + b"session1" + bytes(5)

UPGRADE = HTTP.replace(b"\r\n\r\n", b"\r\nUpgrade: websocket\r\n"
                       b"Connection: Upgrade\r\nSec-WebSocket-Key: "
                       b"dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
UPGRADED = (b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\n\r\n")
MAIL = tls_hello("mail.example.com")

TCP_WORDS = {
    "tls": ("HTTPS", 443, TLS),
    "dot": ("DNS over TLS", 853, tls_hello("dns.example.com", b"dot")),
    "http": ("HTTP", 80, HTTP, (OK,)),
    "http2": ("HTTP/2", 80, PREFACE, h2_request("text/plain")),
    "grpc": ("gRPC", 80, PREFACE, h2_request("application/grpc")),
    "etcd": ("gRPC", 2379, PREFACE, h2_request(
        "application/grpc", "/etcdserverpb.KV/Range")),
    "websocket": ("WebSocket", 80, UPGRADE, (UPGRADED,), (b"\x81\2hi",)),
    "doh": ("DNS over HTTPS", 80, PREFACE, h2_request(
        "application/dns-message") + h2_frame(0, 1, 1, question("a.example"))),
    "ssh": ("SSH", 22, (SSH,), SSH),
    "smtp": ("SMTP", 25, (b"220 mail.example.com ESMTP\r\n",),
             b"EHLO me.example.com\r\n"),
    "smtp client": ("SMTP", 25, (b"220 mail.example.com ready\r\n",),
                    b"EHLO me.example.com\r\n"),
    "smtp starttls": ("SMTP", 25, (b"220 mail.example.com ESMTP\r\n",),
                      b"EHLO me\r\n", (b"250-mail\r\n250 STARTTLS\r\n",),
                      b"STARTTLS\r\n", (b"220 go ahead\r\n",), MAIL),
    "imap starttls": ("IMAP", 143, (b"* OK IMAP4rev1 ready\r\n",),
                      b"a1 STARTTLS\r\n", (b"a1 OK begin\r\n",), MAIL),
    "pop starttls": ("POP3", 110, (b"+OK POP3 ready\r\n",), b"STLS\r\n",
                     (b"+OK begin\r\n",), MAIL),
    "ftp starttls": ("FTP", 21, (b"220 (vsFTPd 3.0.3)\r\n",),
                     b"AUTH TLS\r\n", (b"234 go ahead\r\n",), MAIL),
    "ftp": ("FTP", 21, (b"220 (vsFTPd 3.0.3)\r\n",), b"USER anonymous\r\n"),
    "ftp client": ("FTP", 21, (b"220 hello\r\n",), b"USER anonymous\r\n"),
    "pop": ("POP3", 110, (b"+OK POP3 ready\r\n",), b"CAPA\r\n"),
    "pop client": ("POP3", 110, (b"+OK ready\r\n",), b"USER a\r\n"),
    "imap": ("IMAP", 143, (b"* OK IMAP4rev1 ready\r\n",),
             b"a1 CAPABILITY\r\n"),
    "nntp": ("NNTP", 119, (b"200 news.example.com NNTP ready\r\n",),
             b"CAPABILITIES\r\n"),
    "irc": ("IRC", 6667, b"NICK me\r\nUSER me 0 * :Me\r\n"),
    "xmpp": ("XMPP", 5222, b"<?xml version='1.0'?><stream:stream "
             b"to='example.com' xmlns='jabber:client' xmlns:stream="
             b"'http://etherx.jabber.org/streams' version='1.0'>"),
    "redis": ("Redis", 6379, b"*1\r\n$4\r\nPING\r\n", (b"+PONG\r\n",)),
    "redis by hand": ("Redis", 6379, b"PING\r\n", (b"+PONG\r\n",)),
    "memcached": ("Memcached", 11211, b"get key\r\n", (b"END\r\n",)),
    "memcached sets": ("Memcached", 11211, b"set a 0 0 1\r\nb\r\n"),
    "memcached in binary": ("Memcached", 11211, b"\x80\x0b" + bytes(22)),
    "sip": ("SIP", 5060, SIP),
    "rtsp": ("RTSP", 554, b"OPTIONS rtsp://example.com/a RTSP/1.0\r\n"
             b"CSeq: 1\r\n\r\n"),
    "vnc": ("VNC", 5900, (b"RFB 003.008\n",), b"RFB 003.008\n"),
    "bittorrent": ("BitTorrent", 6881, b"\x13BitTorrent protocol"
                   + bytes(8) + b"h" * 20 + b"-XX0000-" + b"p" * 12),
    "mysql": ("MySQL", 3306, (sized(b"\x0a8.0.36\0" + bytes(60), "<I"),)),
    "postgresql": ("PostgreSQL", 5432, sized(
        be32(196608) + b"user\0me\0\0", whole=True)),
    "postgresql encrypted": ("PostgreSQL", 5432, be32(8, 80877103), (b"N",)),
    "mssql": ("MSSQL", 1433, b"\x12\1" + be16(26, 0) + b"\1\0"
              + b"\0" + be16(11, 6) + b"\xff" + b"\x0b\0\0\0\0\0" + bytes(6)),
    "oracle": ("Oracle", 1521, sized(
        be16(0) + b"\1\0" + bytes(52) + b"(DESCRIPTION=(CONNECT_DATA="
        b"(SID=x)))", ">H", whole=True)),
    "mongodb": ("MongoDB", 27017, sized(
        le32(1, 0, 2013, 0) + b"\0" + sized(b"\x10hello\0\1\0\0\0\0", "<I",
                                            whole=True), "<I", whole=True)),
    "cassandra": ("Cassandra", 9042, b"\4\0\0\0\5" + be32(0)),
    "cassandra nodes": ("Cassandra", 7000, b"\xca\x55\x2d\xfa" + bytes(8)),
    "kafka": ("Kafka", 9092, KAFKA),
    "amqp": ("AMQP", 5672, b"AMQP\0\0\x09\1"),
    "mqtt": ("MQTT", 1883, b"\x10\x0d\0\4MQTT\4\2\0\x3c\0\1a"),
    "elasticsearch": ("Elasticsearch", 9300, b"ES" + sized(
        bytes(8) + b"\x08" + be32(8000099) + be32(0))),
    "smb": ("SMB", 445, sized(SMB1)),
    "smb2": ("SMB2", 445, sized(SMB2)),
    "smb to smb2": ("SMB2", 445, sized(SMB1), (sized(SMB2),)),
    "smb3 encrypted": ("SMB2", 445, sized(
        b"\xfdSMB" + bytes(32) + le32(64) + bytes(4) + b"\1\0\1\0"
        + bytes(68))),
    "nfs": ("NFS", 2049, be32(0x80000000 + len(NFS)) + NFS),
    "ldap": ("LDAP", 389, LDAP),
    "kerberos": ("Kerberos", 88, sized(KERBEROS)),
    "rdp": ("RDP", 3389, b"\3\0\0\x13\x0e\xe0" + bytes(5)
            + b"\1\0\x08\0\3\0\0\0"),
    "dns": ("DNS", 53, sized(question("a.example.com"), ">H")),
    "telnet": ("Telnet", 23, (b"\xff\xfd\x18\xff\xfd\x20",)),
    "socks": ("SOCKS", 1080, b"\5\1\0", (b"\5\0",)),
    "openvpn": ("OpenVPN", 1194, sized(OPENVPN, ">H")),
    "syslog": ("Syslog", 514, SYSLOG),
    "mysql x": ("MySQL X", 33060, (b"\5\0\0\0\x0b\x08\5\x1a\0",),
                b"\1\0\0\0\1"),
    "nats": ("NATS", 4222, (b'INFO {"server_id":"A","max_payload":1}\r\n',)),
    "stratum": ("Stratum", 3333, b'{"id": 1, "method": "mining.subscribe", '
                b'"params": []}\n'),
    "zabbix": ("Zabbix", 10051, b"ZBXD\1" + struct.pack("<Q", 2) + b"{}"),
    "rtmp": ("RTMP", 1935, b"\3" + be32(1, 0) + b"r" * 1528),
    "rsync": ("RSYNC", 873, (b"@RSYNCD: 31.0\n",), b"@RSYNCD: 31.0\n"),
    "git": ("Git", 9418, b"0033git-upload-pack /a.git\0host=git.example.com\0"),
    "x11": ("X11", 6000, b"l\0\x0b\0\0\0" + bytes(6)),
    "ajp": ("AJP13", 8009, b"\x12\x34\0\1\x0a", (b"AB\0\1\x09",)),
    "turn": ("STUN", 3478, STUN),
    "svn": ("Subversion", 3690, (b"( success ( 2 2 ( ) ( svndiff1 ) ) ) ",)),
    "jdwp": ("JDWP", 5005, b"JDWP-Handshake"),
    "rmi": ("RMI", 1099, b"JRMI\0\2\x4b"),
    "nbd": ("NBD", 10809, (b"NBDMAGICIHAVEOPT\0\3",)),
    "bgp": ("BGP", 179, b"\xff" * 16 + be16(29) + b"\1\4"
            + be16(65000, 180) + bytes(5)),
    "pptp": ("PPTP", 1723, be16(156, 1) + be32(0x1a2b3c4d) + be16(1, 0)
             + bytes(144)),
    "diameter": ("Diameter", 3868, be32(0x01000014, 0x80000101, 0, 1, 2)),
    "enip": ("EtherNet/IP", 44818, b"\x65\0\4\0" + bytes(20) + b"\1\0\0\0"),
    "opcua": ("OPC UA", 4840, b"HELF" + le32(32, 0, 65536, 65536, 0, 0)
              + b"\xff\xff\xff\xff"),
    "iec 104": ("IEC 104", 2404, b"\x68\4\7\0\0\0"),
    # Joined late, or an older way to say it.
    "mysql question": ("MySQL", 3306, sized(b"\x03SELECT 1", "<I")[:3]
                       + b"\0\x03SELECT 1"),
    "postgresql question": ("PostgreSQL", 5432,
                            b"Q" + sized(b"SELECT 1\0", whole=True)),
    "postgresql asks for a password": ("PostgreSQL", 5432, (
        b"R" + sized(be32(10) + b"SCRAM-SHA-256\0\0", whole=True),)),
    "mssql batch": ("MSSQL", 1433, b"\1\1" + be16(46, 0) + b"\1\0"
                    + le32(22, 18) + b"\2\0" + bytes(8) + le32(1)
                    + "SELECT 1".encode("utf-16-le")),
    "cassandra answers": ("Cassandra", 9042, (
        b"\x84\0\0\0\6" + sized(be16(1) + sized(b"CQL_VERSION", ">H")
                                + be16(1) + sized(b"3.4.5", ">H")),)),
    "cassandra question": ("Cassandra", 9042, b"\4\0\0\0\7" + sized(
        sized(b"SELECT * FROM t") + be16(1) + b"\0")),
    "kafka of old": ("Kafka", 9092, sized(
        be16(0, 2) + be32(1) + sized(b"sarama", ">H") + be16(1)
        + be32(1500, 1) + sized(b"topic", ">H") + be32(1, 0)
        + sized(b"x" * 40))),
    "amqp frame": ("AMQP", 5672, (b"\1\0\0" + sized(
        be16(10, 10) + b"\0\x09" + be32(0) + sized(b"PLAIN")
        + sized(b"en_US")) + b"\xce",)),
    "amqp 1.0 frame": ("AMQP", 5672, (sized(
        b"\2\1\0\0\0\x53\x40\xc0\x0b\1\xe0\x08\1\xa3\5PLAIN", whole=True),)),
    "redis asked by hand": ("Redis", 6379, b"get key\r\n", (b"$-1\r\n",)),
    "memcached flushed": ("Memcached", 11211, b"flush_all\r\n", (b"OK\r\n",)),
    "xmpp in two lines": ("XMPP", 5222, b"<?xml version='1.0'?>\n"
                          b"<stream:stream xmlns:stream="
                          b"'http://etherx.jabber.org/streams' to='b'>"),
    "irc with a password": ("IRC", 6667, b"PASS x\r\nNICK me\r\n"),
    "imap client": ("IMAP", 143, b'1 ID ("name" "x")\r\n'),
    "smtp sender": ("SMTP", 25, b"MAIL FROM:<a@example.com>\r\n"),
    "http of another method": ("HTTP", 80, HTTP.replace(b"GET", b"PURGE")),
    "dns asks twice": ("DNS", 53, sized(question("a.example.com"), ">H") * 2),
}


def rtp(number):
    return b"\x80\0" + be16(number) + be32(number * 160, 0xcafe) + bytes(160)


def utp(number):
    return (b"\1\0" + be16(9) + be32(1000 * number, 5, 0x10000)
            + be16(number, 1) + b"data")


def wireguard(number):
    return b"\4\0\0\0same" + le32(number, 0) + bytes(16) + b"c" * 16


UDP_WORDS = {
    "dtls": ("DTLS", 4433, DTLS),
    "quic": ("HTTP/3", 443, QUIC),
    "quic 2": ("HTTP/3", 443, QUIC2),
    "doq": ("DNS over QUIC", 853, DOQ),
    "dns": ("DNS", 53, question("a.example.com")),
    "stun": ("STUN", 3478, STUN),
    "webrtc": ("DTLS", 3478, STUN, (STUN,), DTLS),
    "rtp": ("RTP", 5004, rtp(1), rtp(2), rtp(3)),
    "rtcp": ("RTCP", 5005, b"\x80\xc9\0\1" + be32(0xcafe)),
    "rtcp feedback": ("RTCP", 5005, b"\x81\xcd\0\3" + be32(
        0xcafe, 1, 0x10000) + b"\x81\xce\0\2" + be32(0xcafe, 1)),
    "rtcp encrypted": ("RTCP", 5005, *[
        b"\x80\xc8\0\6" + be32(0xcafe) + bytes([n]) * 50 for n in (1, 2)]),
    "ssdp": ("SSDP", 1900, b"M-SEARCH * HTTP/1.1\r\nHost: "
             b"239.255.255.250:1900\r\n\r\n"),
    "ntp": ("NTP", 123, b"\x23" + bytes(39) + be32(0xe0000000, 1)),
    "ntp begins": ("NTP", 123, b"\x23\0\6\xec" + bytes(8) + b"INIT" + bytes(24)
                   + be32(0xe0000000, 1)),
    "dhcp": ("DHCP", 67, b"\1\1\6\0" + bytes(232) + be32(0x63825363)
             + b"\x35\1\1\xff"),
    "snmp": ("SNMP", 161, SNMP),
    "radius": ("RADIUS", 1812, b"\1\1" + be16(25) + bytes(16) + b"\1\5bob"),
    "kerberos": ("Kerberos", 88, KERBEROS),
    "nfs": ("NFS", 2049, NFS),
    "sip": ("SIP", 5060, SIP),
    "syslog": ("Syslog", 514, SYSLOG),
    "wireguard": ("WireGuard", 51820, b"\1\0\0\0" + bytes(144)),
    "openvpn": ("OpenVPN", 1194, OPENVPN),
    "ike": ("ISAKMP", 500, IKE),
    "ike in udp": ("ISAKMP", 4500, bytes(4) + IKE),
    "dht": ("BitTorrent DHT", 6881, b"d1:ad2:id20:" + b"i" * 20
            + b"e1:q4:ping1:t2:aa1:y1:qe"),
    "utp": ("BitTorrent", 6881, b"\x41\0" + be16(9) + bytes(12)
            + be16(1, 0)),
    "utp data": ("BitTorrent", 6881, utp(1), utp(2)),
    "lsd": ("BitTorrent", 6771, b"BT-SEARCH * HTTP/1.1\r\nHost: "
            b"239.192.152.143:6771\r\nPort: 1\r\nInfohash: 1\r\n\r\n\r\n"),
    "tracker": ("BitTorrent", 6969, be32(0x417, 0x27101980, 0, 9)),
    "wireguard data": ("WireGuard", 51820, wireguard(7), wireguard(8)),
    "quic refused": ("QUIC", 443, (b"\x80" + be32(0) + b"\x08serversn\4clnt"
                                   + be32(0x1a2a3a4a, 1),)),
    "nbns": ("NBNS", 137, be16(9, 0x0110, 1, 0, 0, 0) + b"\x20" + b"CA" * 16
             + b"\0" + be16(32, 1)),
    "dns update": ("DNS", 53, be16(7, 0x2800, 1, 0, 0, 0)
                   + b"\7example\3com\0" + be16(6, 1)),
    "ntp of old": ("NTP", 123, b"\xe3\0\3\xfa" + be32(0x10000, 0x10000)
                   + bytes(28) + be32(0xe0000000, 1)),
}

HOSTS = {
    "dot": "dns.example.com", "doq": "dns.example.com",
    "quic 2": "v2.example.com", "etcd": "api.example.com",
    "tls": "new.example.com", "http": "www.example.com",
    "http2": "api.example.com", "grpc": "api.example.com",
    "dns": "a.example.com", "dtls": "dtls.example.com",
    "quic": "quic.example.com", "webrtc": "dtls.example.com",
    "smtp starttls": "mail.example.com", "imap starttls": "mail.example.com",
    "pop starttls": "mail.example.com", "ftp starttls": "mail.example.com",
}
