# SPDX-License-Identifier: GPL-3.0-or-later
"""First words of what fewer speak: machines, storage, routers, middleware.

As in payloads.py, which has those that everybody meets.
"""
import struct

from payloads import be16, be32, ber, le32, sized


def dnp3(head):
    """With the sum that IEEE 1815 has after the header."""
    total = 0
    for byte in head:
        total ^= byte
        for _ in range(8):
            total = total >> 1 ^ 0xa6bc if total & 1 else total >> 1
    return head + struct.pack("<H", ~total & 0xffff)


def netbios(name):
    return b"\x20" + bytes(0x41 + half for byte in name.ljust(16)
                           for half in (byte >> 4, byte & 15)) + b"\0"


def ipv4(protocol=17, body=bytes(12)):
    return (b"\x45\0" + be16(20 + len(body), 0, 0) + bytes([64, protocol])
            + be16(0) + bytes([10, 0, 0, 1, 10, 0, 0, 2]) + body)


ARP = (b"\xff" * 6 + bytes(5) + b"\1\x08\x06\0\1\x08\0\6\4\0\1"
       + bytes(20))
MODBUS = be16(7, 0, 6) + b"\1\3" + be16(0, 2)
MODBUS_ANSWER = be16(7, 0, 7) + b"\1\3\4" + be32(9)
S7_SETUP = b"\x32\1\0\0\0\1\0\x08\0\0\xf0\0\0\1\0\1\1\xe0"
ISCSI_TEXT = b"InitiatorName=iqn.2024-01.com.example:a\0SessionType=Normal\0"
ISCSI_ANSWER = b"TargetPortalGroupTag=1\0" + b"\0"
DICOM = (be16(1, 0) + b"ARCHIVE".ljust(16) + b"STATION".ljust(16) + bytes(32)
         + b"\x10\0" + sized(b"1.2.840.10008.3.1.1.1", ">H"))
DCERPC = (b"\5\0\x0b\3\x10\0\0\0" + struct.pack("<HHI", 72, 0, 1)
          + struct.pack("<HHI", 4280, 4280, 0) + b"\1\0\0\0\0\0\1\0"
          + bytes.fromhex("0883afe11f5dc91191a408002b14a0fa") + b"\3\0\0\0"
          + bytes.fromhex("045d888aeb1cc9119fe808002b104860") + b"\2\0\0\0")
MYSQL_LOGIN = (le32(0x3aa685, 0x1000000) + b"\x21" + bytes(23) + b"root\0"
               + sized(b"x" * 20, ">B") + b"mysql_native_password\0")
LDAP_SEARCH = ber(0x30, b"\2\1\1", ber(
    0x63, b"\4\0\x0a\1\0\x0a\1\0\2\1\0\2\1\0\1\1\0", ber(0x87, b"objectClass"),
    b"\x30\0"))

TCP_MORE = {
    "modbus": ("Modbus", 502, MODBUS, (MODBUS_ANSWER,)),
    "s7": ("S7comm", 102, b"\3\0\0\x19\2\xf0\x80" + S7_SETUP),
    "s7 plus": ("S7comm-plus", 102,
                b"\3\0\0\x13\2\xf0\x80\x72\1" + sized(bytes(8), ">H")),
    "dnp3": ("DNP3", 20000, dnp3(b"\5\x64\5\xc9\1\0\0\4")),
    "knx": ("KNXnet/IP", 3671, b"\6\x10\2\1\0\x0e\x08\2" + bytes(6)),
    "iscsi": ("iSCSI", 3260, b"\x43\x87\0\0\0" + struct.pack(
        ">I", len(ISCSI_TEXT))[1:] + bytes(40) + ISCSI_TEXT),
    "iscsi answers": ("iSCSI", 3260, (b"\x23\x87\0\0\0\0\0\x17" + bytes(40)
                                      + ISCSI_ANSWER,)),
    "ceph": ("Ceph", 6789, (b"ceph v027" + bytes(272),)),
    "ceph 2": ("Ceph", 3300, (b"ceph v2\n" + sized(bytes(16), "<H"),)),
    "db2": ("DB2", 50000, be16(16) + b"\xd0\x41\0\1" + be16(10, 0x1041)
            + be16(6, 0x115e) + b"ab"),
    "giop": ("GIOP", 23461, b"GIOP\1\2\1\0" + le32(8) + bytes(8)),
    "thrift": ("Thrift", 9090, sized(
        b"\x80\1\0\1" + sized(b"ping") + be32(1) + b"\0")),
    "thrift unframed": ("Thrift", 9090,
                        b"\x80\1\0\1" + sized(b"ping") + be32(1) + b"\0"),
    "dcerpc": ("DCERPC", 135, DCERPC),
    "openwire": ("OpenWire", 61616, sized(b"\1ActiveMQ" + be32(12)
                                          + b"\1" + sized(bytes(4)))),
    "stomp": ("STOMP", 61613, b"CONNECT\naccept-version:1.2\nhost:a\n\n\0",
              (b"CONNECTED\nversion:1.2\n\n\0",)),
    "stomp answers": ("STOMP", 61613, (b"CONNECTED\nversion:1.2\n\n\0",)),
    "beanstalk": ("Beanstalk", 11300, b"put 0 0 60 2\r\nhi\r\n",
                  (b"INSERTED 1\r\n",)),
    "gearman": ("Gearman", 4730, b"\0REQ" + be32(1) + sized(b"reverse")),
    "fastcgi": ("FastCGI", 9000, b"\1\1\0\1\0\x08\0\0\0\1" + bytes(6)),
    "zeromq": ("ZeroMQ", 5555, b"\xff" + bytes(8) + b"\x7f\3\0NULL"
               + bytes(48)),
    "neo4j": ("Neo4j", 7687, be32(0x6060b017, 0x404, 4, 3, 0)),
    "clickhouse": ("ClickHouse", 23461, b"\0\x11ClickHouse client\x17\x08"),
    "zookeeper": ("ZooKeeper", 2181, sized(
        be32(0, 0, 0, 30000, 0, 0, 16) + bytes(16) + b"\0")),
    "zookeeper by hand": ("ZooKeeper", 2181, b"ruok", (b"imok",)),
    "pulsar": ("Pulsar", 6650, sized(sized(b"\x08\2\x12\x08\x0a\4java\x20\1"))),
    "hbase": ("HBase", 16020, b"HBas\0\x50" + sized(b"x" * 20)),
    "hadoop": ("Hadoop", 8020, b"hrpc\x09\0\0" + sized(b"x" * 20)),
    "afp": ("AFP", 548, b"\0\4\0\1" + be32(0, 6, 0) + b"\1\4" + be32(1024)),
    "spice": ("SPICE", 5900, b"REDQ" + le32(2, 2, 26) + bytes(26)),
    "ica": ("ICA", 1494, (b"\x7f\x7fICA\0",)),
    "icap": ("ICAP", 1344, b"OPTIONS icap://a.example/x ICAP/1.0\r\n"
             b"Host: a.example\r\n\r\n"),
    "cvs": ("CVS", 2401, b"BEGIN AUTH REQUEST\n/cvs\nme\nA\n"
            b"END AUTH REQUEST\n"),
    "sieve": ("ManageSieve", 4190, (b'"IMPLEMENTATION" "Dovecot"\r\n'
                                    b'OK "ready"\r\n',)),
    "redis bus": ("Redis", 16379, b"RCmb" + be32(48) + bytes(40)),
    "gnutella": ("Gnutella", 6346, b"GNUTELLA CONNECT/0.6\r\n\r\n"),
    "edonkey": ("eDonkey", 4662, b"\xe3" + le32(24) + b"\1\x10" + bytes(22)),
    "bitcoin": ("Bitcoin", 8333, b"\xf9\xbe\xb4\xd9version" + bytes(5)
                + le32(4, 0) + bytes(4)),
    "lumberjack": ("Lumberjack", 5044, b"2W" + be32(1) + b"2C" + sized(
        b"x" * 20)),
    "relp": ("RELP", 2514, b"1 open 85 relp_version=0\nrelp_software=a\n"),
    "munin": ("Munin", 4949, (b"# munin node at a.example.com\n",)),
    "hylafax": ("HylaFAX", 4559, (b"220 fax.example.com server (HylaFAX (tm) "
                                  b"Version 6.0.7) ready.\r\n",),
                b"USER root\r\n"),
    "vmware": ("VMware", 902, (b"220 VMware Authentication Daemon Version "
                               b"1.10: SSL Required\r\n",), b"USER root\r\n"),
    "mupdate": ("MUPDATE", 3905, (b'* STARTTLS\r\n* AUTH "PLAIN"\r\n* OK '
                                  b'MUPDATE "mail.example.com" "3.0"\r\n',),
                b'X0 AUTHENTICATE "PLAIN"\r\n'),
    "msrp": ("MSRP", 2855, b"MSRP a786hjs2 SEND\r\nTo-Path: "
             b"msrp://b.example:8888/9di4ea;tcp\r\nFrom-Path: "
             b"msrp://a.example:7777/iau39;tcp\r\n\r\n-------a786hjs2$\r\n"),
    "sccp": ("SCCP", 2000, le32(48, 0, 1) + b"SEP001122334455".ljust(16, b"\0")
             + bytes(28)),
    "smpp": ("SMPP", 2775, sized(be32(2, 0, 1) + b"me\0secret\0\0\x34\0\0\0",
                                 whole=True)),
    "tacacs": ("TACACS+", 49, b"\xc0\1\1\0" + be32(77) + sized(b"x" * 20)),
    "ldp": ("LDP", 646, be16(1, 32) + be32(0x0a000001) + be16(
        0, 0x200, 22) + be32(1) + be16(0x500, 14, 1, 180) + bytes(10)),
    "kpasswd": ("Kpasswd", 464, sized(
        be16(30, 0xff80, 10) + ber(0x6e, b"\x30\6\xa0\4\2\2\0\5")
        + ber(0x75, bytes(12)))),
    "rlogin": ("Rlogin", 513, b"\0me\0you\0xterm/38400\0"),
    "openflow": ("OpenFlow", 6653, be16(0x0400, 8) + be32(1),
                 (be16(0x0400, 8) + be32(2),)),
    "gelf": ("GELF", 12201, b'{"version":"1.1","host":"a",'
             b'"short_message":"hi"}\0'),
    "hl7": ("HL7", 2575, b"\x0bMSH|^~\\&|A|B|C|D|20240101||ADT^A01|1|P|2.3"
            b"\r\x1c\r"),
    "dicom": ("DICOM", 11112, be16(0x100) + sized(DICOM)),
    "fix": ("FIX", 9876, b"8=FIX.4.2\1" b"9=61\1" b"35=A\1" b"34=1\1"
            b"49=A\1" b"56=B\1" b"10=128\1"),
    "megaco": ("MEGACO", 2944, b"MEGACO/1 [10.0.0.1]:2944\nTransaction=1{}\n"),
    "slp": ("SLP", 427, b"\2\1\0\0\x14" + bytes(5) + be16(1, 2) + b"en"
            + bytes(4)),
    "portmap": ("Portmap", 111, be32(0x80000038, 1, 0, 2, 100000, 2, 3, 0, 0,
                                     0, 0, 100003, 3, 6, 0)),
    "rpcap": ("RPCAP", 2002, b"\0\x08\0\0" + sized(bytes(8)),
              (b"\0\x88\0\0" + be32(0),)),
    "statsd": ("StatsD", 8125, b"web.requests:1|c\n"),
    # Joined late, or by the answers alone.
    "mysql login": ("MySQL", 3306, struct.pack(
        "<I", len(MYSQL_LOGIN) | 1 << 24) + MYSQL_LOGIN),
    "postgresql error": ("PostgreSQL", 5432, (
        b"E" + sized(b"SFATAL\0VFATAL\0C28P01\0Mno\0\0", whole=True),)),
    "mssql answers": ("MSSQL", 1433, (
        b"\4\1" + be16(26, 0) + b"\1\0\0" + be16(11, 6) + b"\1"
        + b"\0\x11\0\1\xff" + bytes(7),)),
    "mssql login": ("MSSQL", 1433, b"\x10\1" + be16(48, 0) + b"\1\0" + le32(
        40, 0x74000004, 4096) + bytes(28)),
    "oracle asks again": ("Oracle", 1521, (b"\0\x08\0\0\x0b\0\0\0",)),
    "mqtt answers": ("MQTT", 1883, (b"\x20\2\0\0",)),
    "mqtt 5 answers": ("MQTT", 1883, (b"\x20\x09\0\0\6\x22\0\x0a\x21\0\x14",)),
    "redis value": ("Redis", 6379, (b"$5\r\nhello\r\n",)),
    "pop server": ("POP3", 110, (b"+OK ready\r\n",),
                   (b"+OK go ahead\r\n",)),
    "memcached meta": ("Memcached", 11211, b"ms key 2\r\nhi\r\n",
                       (b"HD\r\n",)),
    "irc server": ("IRC", 6667, (b":irc.example.com CAP * LS :tls\r\n",)),
    "nats client": ("NATS", 4222, b'CONNECT {"verbose":false}\r\n'),
    "ldap adds": ("LDAP", 389, ber(0x30, b"\2\1\7", ber(
        0x68, ber(4, b"cn=a,dc=b"), b"\x30\0"))),
}

UDP_MORE = {
    "dnp3": ("DNP3", 20000, dnp3(b"\5\x64\5\xc9\1\0\0\4")),
    "knx": ("KNXnet/IP", 3671, b"\6\x10\2\1\0\x0e\x08\1" + bytes(6)),
    "bacnet": ("BACnet", 47808, b"\x81\x0b\0\x0c\1\x20\xff\xff\0\xff\x10\x08"),
    "coap": ("CoAP", 5683, b"\x41\1\0\7T\xb1a", (b"\x61\x45\0\7T\xffhi",)),
    "ipmi": ("IPMI", 623, b"\6\0\xff\7\0" + bytes(8) + b"\x09\x20\x18\xc8\x81"
             b"\4\x38\x0e\4\x31"),
    "rmcp ping": ("IPMI", 623, b"\6\0\xff\6\0\0\x11\xbe\x80\0\0\0"),
    "tftp": ("TFTP", 69, b"\0\1boot.img\0octet\0"),
    "rip": ("RIP", 520, b"\2\2\0\0" + be16(2, 0) + be32(
        0x0a000000, 0xff000000, 0, 1)),
    "rip asks": ("RIP", 520, b"\1\1\0\0" + bytes(16) + be32(16)),
    "ldp hello": ("LDP", 646, be16(1, 30) + be32(0x0a000001) + be16(
        0, 0x100, 20) + be32(0) + be16(0x400, 4, 15, 0, 0x401, 4, 2560, 1)),
    "l2tp": ("L2TP", 1701, b"\xc8\2" + be16(28) + be32(0, 0) + b"\x80\x08"
             + be16(0, 0, 1) + b"\x80\x08" + be16(0, 2, 0x100)),
    "dhcpv6": ("DHCPv6", 547, b"\1abc" + be16(1, 10, 3, 1) + bytes(6)
               + be16(6, 2, 23)),
    "netbios datagram": ("NBDS", 138, b"\x11\x0a" + be16(7) + bytes([
        192, 0, 2, 1]) + be16(138, 68, 0) + netbios(b"HOST")
        + netbios(b"WORKGROUP")),
    "cldap": ("CLDAP", 389, LDAP_SEARCH),
    "kpasswd": ("Kpasswd", 464, be16(30, 1, 10) + ber(
        0x6e, b"\x30\6\xa0\4\2\2\0\5") + ber(0x75, bytes(12))),
    "stun of old": ("STUN", 3478, be16(1, 0) + b"t" * 16,
                    (be16(0x101, 12) + b"t" * 16 + be16(1, 8, 1, 50001)
                     + bytes(4),)),
    "ntp control": ("NTP", 123, b"\x16\2" + be16(9, 0, 0, 0, 0),
                    (b"\x16\x82" + be16(9, 0x618, 0, 0, 4) + b"a=1\n",)),
    "ntp monlist": ("NTP", 123, b"\x17\0\3\x2a" + bytes(4)),
    "netflow 5": ("NetFlow", 2055, be16(5, 1) + be32(1, 1700000000, 0, 0, 0)
                  + bytes(48)),
    "netflow 9": ("NetFlow", 2055, be16(9, 1) + be32(1, 1700000000, 0, 0)
                  + be16(0, 12, 256, 1, 8, 4)),
    "ipfix": ("NetFlow", 4739, be16(10, 28) + be32(1700000000, 0, 0)
              + be16(2, 12, 256, 1, 8, 4)),
    "memcached": ("Memcached", 11211, be16(1, 0, 1, 0) + b"stats\r\n",
                  (be16(1, 0, 2, 0) + b"STAT pid 1\r\n",)),
    "sflow": ("sFlow", 6343, be32(5, 1, 0x0a000001, 0, 1, 1, 1, 2, 16)
              + bytes(16)),
    "collectd": ("collectd", 25826, be16(0, 9) + b"host\0" + be16(8, 12)
                 + bytes(8)),
    "gelf": ("GELF", 12201, b'{"version":"1.1","host":"a",'
             b'"short_message":"hi"}'),
    "statsd": ("StatsD", 8125, b"web.latency:12.5|ms|@0.1"),
    "vxlan": ("VXLAN", 4789, b"\x08\0\0\0\0\0\x2a\0" + ARP),
    "geneve": ("Geneve", 6081, b"\0\0\x65\x58\0\0\x2a\0"
               + ARP[:6] + b"\2" + ARP[7:]),
    "mpeg": ("MPEG-TS", 23461, (b"\x47\x1f\xff\x10" + bytes(184)) * 7),
    "slp": ("SLP", 427, b"\2\1\0\0\x14" + bytes(5) + be16(1, 2) + b"en"
            + bytes(4)),
    "ws discovery": ("WS-Discovery", 3702, b'<?xml version="1.0"?>\n<s:Envelope'
                     b' xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/'
                     b'discovery"></s:Envelope>'),
    "xdmcp": ("XDMCP", 177, b"\0\1\0\2\0\1\0"),
    "dropbox": ("Dropbox", 17500, b'{"host_int": 1, "version": [2, 0], '
                b'"displayname": "", "port": 17500, "namespaces": []}'),
    "dnscrypt": ("DNSCrypt", 23461, (b"r6fnvWj8" + b"n" * 100,)),
    "mgcp": ("MGCP", 2427, b"CRCX 1204 aaln/1@a.example MGCP 1.0\r\n"
             b"C: A3C47F21456789F0\r\nM: recvonly\r\n\r\n"),
    "megaco": ("MEGACO", 2944, b"!/1 [10.0.0.1]:2944\nT=1{}\n"),
    "iax2": ("IAX2", 4569, b"\x80\1\0\0" + be32(3) + b"\0\0\6\1\x0b\2\0\2"
             + b"\1\3100"),
    "portmap": ("Portmap", 111, be32(1, 0, 2, 100000, 2, 3, 0, 0, 0, 0,
                                     100003, 3, 17, 0)),
    "dht answers": ("BitTorrent DHT", 6881, b"d2:ip6:" + b"i" * 6
                    + b"1:rd2:id20:" + b"n" * 20 + b"e1:t2:aa1:y1:re"),
}
