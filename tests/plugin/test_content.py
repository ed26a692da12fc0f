#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is spoken by the first bytes, whatever the port says.

Usage: test_content.py PLUGIN.so [unittest arguments]
"""
import json
import re
import shutil
import ssl
import struct
import subprocess
import sys
import unittest
from random import Random

from frames import ip4
from harness import SOURCE, Tshark
from payloads import (DTLS, HTTP, IKE, OK, PREFACE, QUIC, SSH, STUN, TCP_WORDS,
                      TLS, UDP_WORDS, be32, h2_frame, h2_headers, h2_request,
                      question, sized, tls_hello)
from payloads_more import TCP_MORE, UDP_MORE
from payloads_wild import (TCP_WILD, UDP_OWN, UDP_WILD, WILD_HOSTS,
                           proxied)
import talks
from pcapng import epb, idb, shb
from talks import (FOREIGN, HERE, T0, Words, client, connection, datagrams,
                   made, said, server)

tshark = None


def openssl(*args):
    subprocess.run(["openssl", *map(str, args)], check=True,
                   capture_output=True)


def certified(subject, *more):
    """A file with a key and one with its certificate, which it signed itself."""
    key = tshark.dir / f"{subject}.pem"
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key, "-out",
            key.with_suffix(".crt"), "-subj", f"/CN={subject}", *more)
    return key, key.with_suffix(".crt")


def certified_by(issuer, subject):
    """... which another has signed."""
    (key, own), (signer, its) = certified(subject), certified(issuer)
    request = key.with_suffix(".csr")
    openssl("x509", "-x509toreq", "-in", own, "-signkey", key, "-out", request)
    openssl("x509", "-req", "-in", request, "-CA", its, "-CAkey", signer,
            "-set_serial", 1, "-out", own)
    return key, own


def handshake(key, certificate, alpn=("h2",), name=None, keys=None, words=b""):
    """TLS 1.2 with that server; without a @name nobody says who it is but itself.
    Then the client has some @words, and the @keys are in that file."""
    ends, messages = [], []
    for side in (ssl.PROTOCOL_TLS_CLIENT, ssl.PROTOCOL_TLS_SERVER):
        context = ssl.SSLContext(side)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        if alpn:
            context.set_alpn_protocols(alpn)
        if keys:
            context.keylog_filename = keys
        if side == ssl.PROTOCOL_TLS_SERVER:
            context.load_cert_chain(certificate, key)
        ends.append((ssl.MemoryBIO(), ssl.MemoryBIO(), context))
    (from_server, to_server, hers), (from_client, to_client, his) = ends
    asks = hers.wrap_bio(from_server, to_server, server_hostname=name)
    answers = his.wrap_bio(from_client, to_client, server_side=True)
    for _ in range(3):
        for end, out, into in ((asks, to_server, from_client),
                               (answers, to_client, from_server)):
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                pass
            said_now = out.read()
            into.write(said_now)
            if said_now:
                messages.append(said_now if end is asks else (said_now,))
    if words:
        asks.write(words)
        messages.append(to_server.read())
    return messages


class EveryPort(Words):
    def test_tcp_on_its_own_port(self):
        self.check(TCP_WORDS, connection, lambda own: own)

    def test_tcp_on_nobodys_port(self):
        self.check(TCP_WORDS, connection, lambda own: FOREIGN)

    def test_tcp_on_anothers_port(self):
        for port in (22, 80, 443, 6379):
            with self.subTest(port):
                self.check(TCP_WORDS, connection, lambda own, p=port: p)

    def test_udp_on_its_own_port(self):
        self.check(UDP_WORDS, datagrams, lambda own: own)

    def test_udp_on_nobodys_port(self):
        self.check(UDP_WORDS, datagrams, lambda own: FOREIGN)

    def test_udp_on_anothers_port(self):
        for port in (53, 123, 853):
            with self.subTest(port):
                self.check(UDP_WORDS, datagrams, lambda own, p=port: p)

    def test_more_over_tcp(self):
        for port in (None, FOREIGN, 443):
            with self.subTest(port):
                self.check(TCP_MORE, connection, lambda own, p=port: p or own)

    def test_more_over_udp(self):
        for port in (None, FOREIGN, 53):
            with self.subTest(port):
                self.check(UDP_MORE, datagrams, lambda own, p=port: p or own)

    def test_wild(self):
        """As programs of today say it, or one end alone."""
        for port in (None, FOREIGN, 22, 443):
            with self.subTest(port):
                self.check(TCP_WILD, connection,
                           lambda own, p=port: p or own, WILD_HOSTS)
                self.check(UDP_WILD, datagrams,
                           lambda own, p=port: p or own, WILD_HOSTS)
        self.check(UDP_OWN, datagrams, lambda own: own, WILD_HOSTS)

    def test_joined_in_the_middle(self):
        """Without the handshake."""
        self.check({"tls": ("HTTPS", 443, TLS), "http": ("HTTP", 80, HTTP)},
                   lambda *args: connection(*args)[3:], lambda own: 22)


class AsItComes(Words):
    """In pieces, again, or of one end alone; Wireshark 4.0 complains of Ceph."""

    # What its first half says, or the only one that is heard.
    HALF = {"smb to smb2": "SMB", "websocket": "HTTP", "pop starttls": "TLS",
            "ftp starttls": "TLS", "portmap": "RPC"}

    def check_all(self, may_be_silent, **how):
        words = TCP_WORDS | TCP_MORE
        for name, apps in self.apps(words, FOREIGN, **how).items():
            said = {words[name][0], self.HALF.get(name)}
            self.assertLessEqual(apps, said, name)
            self.assertTrue(apps or may_be_silent or name == "rtmp", name)

    def test_in_pieces(self):
        self.check_all(False, cut=3)

    def test_letter_by_letter(self):
        words = {name: TCP_WORDS[name] for name in (
            "http", "ssh", "smtp", "imap", "pop", "ftp", "irc", "redis",
            "redis by hand", "memcached", "memcached sets")}
        self.assertEqual(self.apps(words, FOREIGN, cut=1000), {
            name: {app} for name, (app, *_) in words.items()})

    def test_retransmitted(self):
        self.check_all(False, times=2)

    def test_of_one_end(self):
        for client_only in (True, False):
            self.check_all(True, only=client_only)


class NotTooMuch(unittest.TestCase):
    """What is taken for a protocol is that protocol."""

    def apps(self, frames):
        return [row for row in tshark.fields(
            made(frames), "udp.stream", "tcp.stream", "dpi.app", "dpi.how",
            more=("-2",))]

    def test_noise(self):
        random = Random(17)
        frames = []
        for n in range(1500):
            words = random.randbytes(random.randint(1, 200))
            make = connection if n % 2 else datagrams
            frames += make(f"{HERE}{n % 250 + 1}", FOREIGN, [words],
                           20000 + n)
        self.assertEqual([row for row in self.apps(frames)
                          if row[3] == "content"], [])

    def structured(self, random, size):
        """Small numbers and lengths, as real protocols have."""
        words = bytearray(random.choice((0, 0, 0, 1, 2, 4, 16, 255))
                          for _ in range(size))
        at, form = random.choice(((0, ">H"), (0, "<I"), (2, ">H")))
        struct.pack_into(form, words, at, size - random.choice((0, 2, 8)))
        return bytes(words)

    def test_what_only_looks_like_it(self):
        """What Wireshark guesses by a few bytes on ports of nobody."""
        random = Random(18)
        path = made([frame for n in range(3000) for frame in datagrams(
            f"{HERE}{n % 250 + 1}", FOREIGN + n % 7,
            [self.structured(random, random.randint(12, 200)) for _ in "12"],
            20000 + n)])
        # Its own QUIC complains of what it has guessed.
        rows = tshark.run("tshark", "-2", "-r", path, "-T", "fields", "-e",
                          "dpi.app", "-e", "dpi.how").stdout.splitlines()
        self.assertEqual(len(rows), 6000)
        self.assertFalse(set(rows) & {
            f"{app}\tdissector" for app in (
                "DNS", "DCERPC", "CIGI", "QUIC")})

    def test_what_is_almost_it(self):
        """Answers of others, and what has no more than the first bytes."""
        sequence = b"\x30\x20\2\1\1"
        for make, *messages in (
                (connection, (b"230-\r\n",), (b"530 Login incorrect.\r\n",)),
                (connection, (b"250 STARTTLS\r\n",)),
                (connection, (b"Seen:\nSSH-2.0-a\nSSH-2.0-b\n",)),
                (connection, b'{"method":"login","agent":"me","params":[]}'),
                (connection, sequence + b"\x60\x08\3\1" + bytes(22)),
                (connection, sequence + b"\x63\x08\2\1" + bytes(22)),
                (datagrams, sequence + b"\x64\x08\2\1" + bytes(22)),
                (datagrams, sequence[:4] + b"\3\x30\5\4\3" + bytes(23)),
                (datagrams, b"\x14\xfe\xfd" + bytes(8) + b"\0\x20"
                 + bytes(32)),
                (datagrams, b"\x17\xfe\xfd" + bytes(8) + b"\0\x20"
                 + bytes(32)),
                (datagrams, b"\x97" + bytes(7) + b"\0\0\1" + bytes(4))):
            with self.subTest(messages):
                self.assertNotEqual(said(make(client(0), FOREIGN,
                                              messages))[1], "content")

    def test_a_capture_of_four_bytes(self):
        """Wireshark 4.0 takes whatever is missing for RTPS."""
        path = tshark.write("short.pcapng", b"".join([shb(), idb(), *[
            epb(frame[:58], T0 + n, wire_len=len(frame)) for n, frame in
            enumerate(connection(client(0), FOREIGN, [HTTP]))]]))
        self.assertEqual(set(tshark.fields(path, "dpi.app", more=("-2",))),
                         {("TCP",)})

    def test_what_a_cut_packet_is_taken_for(self):
        """Some of Wireshark's guesses run out of bytes before they say no."""
        random = Random(23)
        for make, head in ((connection, 54), (datagrams, 42)):
            for size in (12, 42, 9000):
                frames = [frame for n in range(1000) for frame in make(
                    f"{HERE}{n % 250 + 1}", FOREIGN + n % 7,
                    [random.randbytes(random.randint(20, 300)),
                     (random.randbytes(random.randint(20, 300)),)],
                    20000 + n)]
                path = tshark.write("cut.pcapng", b"".join([shb(), idb(), *[
                    epb(frame[:head + size], T0 + n, wire_len=len(frame))
                    for n, frame in enumerate(frames)]]))
                self.assertEqual([row for row in tshark.fields(
                    path, "frame.number", "dpi.app", "dpi.how",
                    more=("-2",)) if row[2] == "dissector"], [], size)

    NONSENSE = {"noise": Random(19).randbytes(40), "zeros": bytes(60),
                "text": b"hello there, this is of nobody\n",
                "ones": b"\xff" * 60, "three": b"\1\2\3"}

    def nonsense(self, make, ports):
        """{port: {(app, how)}} of what no protocol is."""
        frames, names = [], {}
        for port in ports:
            for words in self.NONSENSE.values():
                names[client(len(names))] = port
                frames += make(client(len(names) - 1), port, [words])
        found = {}
        for src, app, how in tshark.fields(
                made(frames), "ip.src", "dpi.app", "dpi.how", more=("-2",)):
            if src in names:
                found.setdefault(names[src], set()).add((app, how))
        return found

    def test_nonsense_on_a_port_of_dns(self):
        for port, said in self.nonsense(
                datagrams, (53, 137, 5353, 5355)).items():
            self.assertEqual(said, {("UDP", "")}, port)

    def test_nonsense_on_known_ports_is_the_ports(self):
        for make, ports in ((datagrams, (67, 123, 138, 161, 389, 500, 1194,
                                         1812, 1900, 2152, 3702, 4500, 5060)),
                            (connection, (22, 25, 80, 110, 143, 389, 443, 445,
                                          993, 1883, 3306, 5900, 6379))):
            for port, said in self.nonsense(make, ports).items():
                self.assertLessEqual({how for _, how in said}, {"", "port"},
                                     (port, said))

    def check_beginnings(self, words, make):
        """A beginning is of the same protocol, or of none."""
        frames, names = [], {}
        for number, (name, (_, _, *messages)) in enumerate(words.items()):
            first = next(m for m in messages if isinstance(m, bytes)) \
                if any(isinstance(m, bytes) for m in messages) \
                else messages[0][0]
            for size in range(1, min(len(first), 80)):
                frames += make(client(number), FOREIGN, [first[:size]],
                               20000 + size)
            names[client(number)] = name
        for src, app, how in tshark.fields(
                made(frames), "ip.src", "dpi.app", "dpi.how", more=("-2",)):
            name = names.get(src)
            if how == "content" and name:
                allowed = {words[name][0], *self.ALSO.get(name, ())}
                self.assertIn(app, allowed, name)

    # What is inside is not in the beginning.
    ALSO = {"tls": {"TLS"}, "grpc": {"HTTP/2"}, "doh": {"HTTP/2"},
            "smb to smb2": {"SMB"}, "quic": {"QUIC"}, "webrtc": {"STUN"},
            "dot": {"TLS"}, "quic 2": {"QUIC"}, "doq": {"QUIC"},
            "etcd": {"HTTP/2"}, "websocket": {"HTTP"}, "portmap": {"RPC"},
            "postgresql in tls at once": {"TLS"},
            "websocket server": {"HTTP"}, "http2 server": {"HTTP/2"}}

    def test_beginnings_over_tcp(self):
        self.check_beginnings(TCP_WORDS, connection)
        self.check_beginnings(TCP_MORE, connection)
        self.check_beginnings(TCP_WILD, connection)

    def test_beginnings_over_udp(self):
        self.check_beginnings(UDP_WORDS, datagrams)
        self.check_beginnings(UDP_MORE, datagrams)
        self.check_beginnings(UDP_WILD, datagrams)


class Said(unittest.TestCase):
    """Hosts and details beyond those of HTTP, DNS and TLS."""

    def check(self, words, expected):
        make = connection if words in TCP_WORDS.values() else datagrams
        self.assertEqual(said(make(client(0), words[1], words[2:]),
                              fields=("dpi.host", "dpi.detail")), expected)

    def test_who_and_for_what(self):
        for name, expected in (("kafka", ("", "client console")),
                               ("mqtt", ("", "client a")),
                               ("sip", ("example.com", "")),
                               ("rtsp", ("", "URL rtsp://example.com/a"))):
            with self.subTest(name):
                self.check(TCP_WORDS[name], expected)

    def check_doh(self, messages, status=""):
        frames = connection(client(0), 80, messages)
        self.assertEqual(said(frames, fields=(
            "dpi.app", "dpi.host", "dpi.detail")), (
                "DNS over HTTPS", "api.example.com",
                f"POST /a{status}; www.example.com A"))

    def test_who_is_asked_over_http_and_for_what(self):
        """The question has come with its request, alone, and twice."""
        kind = "application/dns-message"
        asked = h2_frame(0, 1, 1, question("www.example.com"))
        answered = h2_frame(1, 4, 1, h2_headers(**{
            ":status": "200", "content-type": kind})) + asked
        request = h2_request(kind)
        self.check_doh([PREFACE, request + asked, (answered,)], " 200")
        self.check_doh([PREFACE, request, asked])
        self.check_doh([PREFACE, request + asked,
                        request.replace(be32(1), be32(3), 1)
                        + asked.replace(be32(1), be32(3), 1)])

    def test_who_is_asked_over_http_1_and_for_what(self):
        asked = question("www.example.com")
        head = (b"Content-Type: application/dns-message\r\n"
                b"Content-Length: %d\r\n\r\n" % len(asked))
        self.check_doh([b"POST /a HTTP/1.1\r\nHost: api.example.com\r\n"
                        + head + asked,
                        (b"HTTP/1.1 200 OK\r\n" + head + asked,)], " 200")

    def test_upload_that_is_not_over(self):
        """Wireshark waits for all of it, and shows nothing until then."""
        head = (b"PUT /a HTTP/1.1\r\nAccept: */*\r\nHost: WWW.example.com.:80"
                b"\r\nContent-Length: 9\r\n\r\n")
        answer = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nHost: a\r\n\r\nx"
        for messages, expected in (
                ([head + b"\xff\0"], ("www.example.com", "PUT /a")),
                ([head + b"x", b"x" * 8, (OK,)],
                 ("www.example.com", "PUT /a 200")),
                # A line that may go on, and what is no request.
                ([b"PUT /a HTTP/1.1\r\nHost: www.exam"], ("", "PUT /a")),
                ([(answer,)], ("", ""))):
            with self.subTest(messages):
                self.assertEqual(said(connection(client(0), 80, messages),
                                      fields=("dpi.host", "dpi.detail")),
                                 expected)

    @unittest.skipUnless(shutil.which("openssl"), "no openssl")
    def test_who_is_asked_over_tls_and_for_what(self):
        keys = tshark.write("asked.keys", b"")
        words = handshake(*certified("asked"), ("dot",), "dns.example.com",
                          keys, sized(question("www.example.com"), ">H"))
        app, host, detail = said(
            connection(client(0), 853, words), "-o", f"tls.keylog_file:{keys}",
            fields=("dpi.app", "dpi.host", "dpi.detail"))
        self.assertEqual((app, host), ("DNS over TLS", "dns.example.com"))
        self.assertTrue(detail.startswith("www.example.com A; TLS 1.2; "))

    def test_host_as_everybody_writes_it(self):
        for host in (b"WWW.Example.COM", b"www.example.com."):
            frames = connection(client(0), 80, [
                HTTP.replace(b"www.example.com", host)])
            self.assertEqual(said(frames)[2], "www.example.com")

    def test_what_socks_is_told(self):
        name = b"www.example.com"
        frames = connection(client(0), 1080, [
            b"\5\1\0", (b"\5\0",), b"\5\1\0\3\x0f" + name + b"\0\x50",
            (b"\5\0\0\1\0\0\0\0\0\0",), b"\x99" * 40])
        hosts = tshark.fields(made(frames), "dpi.host", more=("-2",))
        self.assertEqual(hosts[-1], ("www.example.com",))

    @unittest.skipUnless(shutil.which("openssl"), "no openssl")
    def test_certificate_where_the_client_names_nobody(self):
        """Of an elliptic curve, whose layers are 4.6's own."""
        app, host, detail = said(
            connection(client(0), 443, handshake(*certified(
                "a", "-addext", "subjectAltName=DNS:www.example.com"))),
            fields=("dpi.app", "dpi.host", "dpi.detail"))
        self.assertEqual((app, host), ("HTTP/2", ""))
        self.assertIn("certificate www.example.com", detail)

    @unittest.skipUnless(shutil.which("openssl"), "no openssl")
    def test_tor(self):
        """A relay makes both names up, of the letters of base 32."""
        issuer, subject = "www.dkr2ybbbh5ofd.com", "www.zpt5w3myh7bq.net"
        frames = []
        for n, pair in enumerate((
                (issuer, subject), (subject, issuer), (issuer, "www.net"),
                ("www.example1.com", subject))):
            frames += connection(client(n), 9001, handshake(
                *certified_by(*pair), ()), 50001 + n)
        self.assertEqual(set(tshark.fields(
            made(frames), "tcp.stream", "dpi.app", more=("-2",))),
            {("0", "Tor"), ("1", "TLS"), ("2", "TLS"), ("3", "TLS")})

    def test_encrypted_hello(self):
        hello = TLS.replace(b"\0\x10\0\x0e\0\x0c", b"\xfe\x0d\0\x0e\0\x0c")
        self.assertNotEqual(hello, TLS)
        detail, = said(connection(client(0), 443, [hello]),
                       fields=("dpi.detail",))
        self.assertIn("ECH, the host may be its outer name", detail)


class Handed(unittest.TestCase):
    """The right dissector has the conversation."""

    def protocols(self, frames, *more):
        rows = tshark.fields(made(frames), "frame.protocols",
                             more=("-2", *more))
        return [row.split(":")[3:] for (row,) in rows]

    def test_of_another_port(self):
        layers = self.protocols(connection(client(0), 6379, [HTTP, (OK,)]))
        self.assertEqual(layers[3:], [["tcp", "http"]] * 2)
        layers = self.protocols(datagrams(client(0), 53, [DTLS]))
        self.assertEqual(layers, [["udp", "dtls"]])

    def test_detail_comes_with_it(self):
        self.assertEqual(said(connection(client(0), 2222, [(SSH,), SSH]),
                              fields=("dpi.detail",)),
                         ("server SSH-2.0-OpenSSH_9.2p1; "
                          "client SSH-2.0-OpenSSH_9.2p1",))

    def test_ssh_after_lines(self):
        """RFC 4253, 4.2: a server may say something before its version."""
        lines = b"Members only!\r\n\r\n"
        for port in (22, 443, FOREIGN):
            for first in ([(lines + SSH,)], [(lines,), (SSH,)]):
                with self.subTest((port, first)):
                    self.assertEqual(
                        said(connection(client(0), port, [*first, SSH]),
                             fields=("dpi.app", "dpi.detail")),
                        ("SSH", "server SSH-2.0-OpenSSH_9.2p1; "
                                "client SSH-2.0-OpenSSH_9.2p1"))

    def test_decode_as_comes_first(self):
        layers = self.protocols(connection(client(0), FOREIGN, [HTTP]),
                                "-d", f"tcp.port=={FOREIGN},ssh")
        self.assertEqual(layers[3], ["tcp", "ssh"])

    def test_preference(self):
        frames = connection(client(0), 6379, [HTTP])
        off = "-o", "dpi.hand_over:FALSE"
        self.assertEqual(self.protocols(frames, *off)[3], ["tcp", "resp"])
        # The bytes say so all the same; what was answered is Wireshark's word.
        self.assertEqual(said(frames, *off),
                         ("HTTP", "content", "www.example.com"))

    def test_never(self):
        frames = connection(client(0), 6379, [HTTP])
        self.assertEqual(self.protocols(frames, "-o", "dpi.when:never")[3],
                         ["tcp", "resp"])


class Sources(unittest.TestCase):
    """By what a protocol is known: dpi.how."""

    def test_port(self):
        """Nothing in these bytes is anybody's."""
        app, how, _ = said(connection(client(0), 22, [b"\x99" * 40]))
        self.assertEqual((app, how), ("SSH", "port"))

    def test_nothing(self):
        self.assertEqual(said(connection(client(0), FOREIGN, [b"\x99" * 40])),
                         ("TCP", "", ""))

    def test_alpn(self):
        self.assertEqual(said(connection(client(0), 22, [TLS])),
                         ("HTTPS", "alpn", "new.example.com"))

    def test_alpn_of_grpc(self):
        """It offers a name of its own beside HTTP/2's."""
        for offers, app in ((b"\x08grpc-exp\2h2", "gRPC"),
                            (b"\2h2\x08grpc-exp", "gRPC"),
                            (b"\2h2\3dot", "TLS")):
            extension = sized(sized(offers, ">H"), ">H")
            hello = tls_hello("a.example.com", more=b"\0\x10" + extension)
            self.assertEqual(said(connection(client(0), 50051, [hello]))[0],
                             app)

    def test_dissector(self):
        self.assertEqual(
            said(connection(client(0), 80, [PREFACE, h2_request(
                "application/grpc")])),
            ("gRPC", "dissector", "api.example.com"))

    def test_tls_on_a_port_for_one_thing(self):
        # The same hello, its list of protocols made something else.
        hello = TLS.replace(b"\0\x10\0\x0e\0\x0c", b"\xfa\xfb\0\x0e\0\x0c")
        self.assertNotEqual(hello, TLS)
        self.assertEqual(said(connection(client(0), 993, [hello])),
                         ("IMAP over TLS", "port", "new.example.com"))
        self.assertEqual(said(connection(client(0), FOREIGN, [hello])),
                         ("TLS", "content", "new.example.com"))


class Better(unittest.TestCase):
    """A better word replaces the first; what carries is no application."""

    def test_http2_after_http(self):
        ask = HTTP.replace(b"\r\n\r\n", b"\r\nConnection: Upgrade, "
                           b"HTTP2-Settings\r\nUpgrade: h2c\r\n"
                           b"HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n")
        answer = (b"HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\n"
                  b"Upgrade: h2c\r\n\r\n")
        self.assertEqual(said(connection(client(0), 80, [
            ask, (answer,), (h2_frame(4, 0, 0),), PREFACE]))[0], "HTTP/2")

    def test_connect(self):
        ask = (b"CONNECT new.example.com:443 HTTP/1.1\r\n"
               b"Host: new.example.com:443\r\n\r\n")
        self.assertEqual(said(connection(client(0), 3128, [
            ask, (b"HTTP/1.1 200 OK\r\n\r\n",), TLS])),
            ("HTTPS", "alpn", "new.example.com"))

    def test_connect_to_what_is_not_encrypted(self):
        ask = (b"CONNECT 192.0.2.9:6379 HTTP/1.1\r\n"
               b"Host: 192.0.2.9:6379\r\n\r\n")
        ping = b"*1\r\n$4\r\nPING\r\n", (b"+PONG\r\n",)
        self.assertEqual(said(connection(client(0), 3128, [
            ask, (b"HTTP/1.1 200 OK\r\n\r\n",), *ping]))[:2],
            ("Redis", "dissector"))
        # The refusal's text is nobody's words.
        page = b"<?xml version='1.0'?><html></html>"
        self.assertEqual(said(connection(client(0), 3128, [
            ask, (b"HTTP/1.1 500 No\r\nContent-Type: text/xml\r\n"
                  b"Content-Length: %d\r\n\r\n" % len(page) + page,)]))[:2],
            ("HTTP", "content"))

    def test_socks(self):
        self.assertEqual(said(connection(client(0), 1080, [
            b"\5\1\0", (b"\5\0",), b"\5\1\0\1\xcb\0\x71\6\0\x50",
            (b"\5\0\0\1\0\0\0\0\0\0",), HTTP, (OK,)]))[0], "HTTP")

    def test_frames_within(self):
        """Who is asked for by ARP in VXLAN is not spoken to by UDP."""
        arp = bytes(12) + b"\x08\x06\0\1\x08\0\6\4\0\1" + bytes(20)
        self.assertEqual(said(datagrams(client(0), 4789, [
            b"\x08\0\0\0\0\0\x2a\0" + arp]))[0], "VXLAN")

    def test_socks_on_any_port(self):
        """What is within is the same conversation to the last packet."""
        for port in (FOREIGN, 443):
            self.assertEqual(said(connection(client(0), port, [
                b"\5\1\0", (b"\5\0",),
                b"\5\1\0\3\x0fwww.example.com\0\x50",
                (b"\5\0\0\1\0\0\0\0\0\0",), HTTP, (OK,)])),
                ("HTTP", "dissector", "www.example.com"))

    def test_proxy_protocol(self):
        """A balancer says whom it stands for, and then TLS begins."""
        self.assertEqual(said(connection(client(0), FOREIGN, [
            b"PROXY TCP4 192.0.2.1 203.0.113.1 50001 443\r\n" + TLS])),
            ("HTTPS", "alpn", "new.example.com"))

    def test_proxy_protocol_in_the_same_segment(self):
        """Whoever the port is of, who would have to begin with it."""
        line = b"PROXY TCP4 192.0.2.1 203.0.113.1 50001 443\r\n"
        local = b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"
        for port in (443, FOREIGN, 80, 22):
            for first in (line, local, proxied(0x21)):
                with self.subTest((port, first)):
                    app, _, host = said(connection(client(0), port,
                                                   [first + TLS]))
                    self.assertEqual((app, host),
                                     ("HTTPS", "new.example.com"))
                    self.assertEqual(said(connection(client(0), port, [
                        first + HTTP, (OK,)]))[::2],
                        ("HTTP", "www.example.com"))
        # ... and in two of them.
        whole = proxied(0x21) + TLS
        self.assertEqual(said(connection(client(0), 443, [
            whole[:100], whole[100:]]))[::2], ("HTTPS", "new.example.com"))

    def test_client_of_a_proxy_that_is_not_heard(self):
        ask = (b"CONNECT new.example.com:443 HTTP/1.1\r\n"
               b"Host: new.example.com:443\r\n\r\n")
        yes = (b"HTTP/1.1 200 Connection established\r\n\r\n",)
        socks = [b"\5\1\0", (b"\5\0",),
                 b"\5\1\0\3\x0fwww.example.com\0\x50",
                 (b"\5\0\0\1\0\0\0\0\0\0",)]
        for port in (3128, 1080, FOREIGN, 443):
            for way in ([ask, yes], socks):
                for inner, app in ((TLS, "HTTPS"), (SSH, "SSH")):
                    with self.subTest((port, way, app)):
                        frames = connection(client(0), port, [*way, inner],
                                            only=True)
                        self.assertEqual(said(frames)[0], app)
            self.assertEqual(said(connection(
                client(0), port, [ask, yes], only=True))[::2],
                ("HTTP", "new.example.com"))
            self.assertEqual(said(connection(
                client(0), port, [*socks, HTTP, (OK,)], only=False))[0],
                "HTTP")

    def test_client_of_websocket_alone(self):
        ask = HTTP.replace(b"\r\n\r\n", b"\r\nUpgrade: websocket\r\n"
                           b"Connection: Upgrade\r\n\r\n")
        word = b"\x81\x85\1\2\3\4hello"
        for port in (80, FOREIGN, 443):
            for more, app in (([word], "WebSocket"), ([], "HTTP"),
                              ([word + b"x"], "HTTP"),
                              ([b"\x81\5hello"], "HTTP")):
                self.assertEqual(said(connection(
                    client(0), port, [ask, *more], only=True))[::2],
                    (app, "www.example.com"))

    def test_geneve_with_options(self):
        for options in (b"", b"\1\3\x80\1abcd",
                        b"\1\3\x80\1abcd\0\7\3\3" + bytes(12)):
            for kind, skip in ((b"\x65\x58", 0), (b"\x08\0", 14)):
                head = (bytes([len(options) // 4, 0]) + kind
                        + b"\0\0\x2a\0" + options)
                for port in (6081, FOREIGN):
                    frames = [datagrams(client(0), port, [head + f[skip:]])[0]
                              for f in connection("10.1.1.1", 8080,
                                                  [HTTP, (OK,)])]
                    self.assertEqual(said(frames), (
                        "HTTP", "content", "www.example.com"))

    def test_vxlan_on_another_port(self):
        """As Linux has it by default."""
        frames = [datagrams(client(0), 8472, [
            b"\x08\0\0\0\0\0\x2a\0" + frame])[0]
            for frame in connection("10.1.1.1", 8080, [HTTP, (OK,)])]
        self.assertEqual(said(frames), ("HTTP", "content", "www.example.com"))

    def test_tls_in_gtp(self):
        """Wireshark forgets the ports of what is inside."""
        frames = [datagrams(client(0), 2152, [
            b"\x30\xff" + struct.pack(">HI", len(frame) - 14, 1)
            + frame[14:]], 2152)[0]
            for port, words in ((443, [TLS]), (FOREIGN, [(SSH,), SSH]))
            for frame in connection("10.1.1.1", port, words)]
        rows = tshark.fields(made(frames), "tcp.stream", "dpi.app", "dpi.how",
                             "dpi.host", more=("-2",))
        self.assertEqual(set(rows), {
            ("0", "HTTPS", "alpn", "new.example.com"),
            ("1", "SSH", "content", "")})

    def test_connect_to_the_port_that_it_comes_from(self):
        ask = (b"CONNECT new.example.com:443 HTTP/1.1\r\n"
               b"Host: new.example.com:443\r\n\r\n")
        frames = connection(client(0), 443, [
            ask, (b"HTTP/1.1 200 OK\r\n\r\n",), TLS])
        self.assertEqual(said(frames), ("HTTPS", "alpn", "new.example.com"))
        self.assertEqual(tshark.fields(made(frames), "frame.protocols")[-1],
                         ("eth:ethertype:ip:tcp:http:tls",))

    def test_what_the_owner_of_the_port_misread(self):
        old = UDP_WORDS["ntp of old"][2]
        early = b"\x1b" + old[1:40] + bytes(8)     # tells nothing yet
        self.assertEqual(said(datagrams(client(0), 53, [early, old])),
                         ("NTP", "content", ""))
        words = UDP_WORDS["wireguard"][2]
        self.assertEqual(said(datagrams(client(0), 53, [
            words, (b"\2\0\0\0" + bytes(88),), b"\4\0\0\0" + bytes(92)])),
            ("WireGuard", "content", ""))

    def test_mptcp(self):
        """Its options are a layer of Wireshark's."""
        # MP_CAPABLE with a key, in a SYN
        options = b"\x1e\x0c\0\1" + bytes(range(8))
        frames = connection(client(0), 80, [HTTP, (OK,)])
        segment = bytearray(frames[0][34:])
        segment[12] = 8 << 4
        frames[0] = ip4(client(0), server(client(0)), 6, bytes(segment) + options)
        self.assertEqual(said(frames)[0], "HTTP")
        # A second way, on which nothing is sent.
        self.assertEqual(said(frames[:3]), ("TCP", "", ""))

    def test_grpc_that_answers_with_headers_alone(self):
        frames = connection(client(0), 50051, [
            PREFACE, h2_request("application/grpc"),
            (h2_frame(4, 0, 0) + h2_frame(1, 5, 1, h2_headers(**{
                ":status": "200", "content-type": "application/grpc"})),)])
        self.assertEqual(said(frames)[0], "gRPC")

    def test_quic_on_the_port_of_dns(self):
        """Wireshark 4.0 has 853 for DTLS; ALPN says HTTP/3 here."""
        self.assertEqual(said(datagrams(client(0), 853, [QUIC])),
                         ("HTTP/3", "alpn", "quic.example.com"))

    def test_media_after_stun(self):
        self.assertEqual(said(datagrams(client(0), FOREIGN, [
            STUN, (STUN,), DTLS]))[0], "DTLS")

    def test_ike_in_udp(self):
        self.assertEqual(said(datagrams(client(0), 4500, [bytes(4) + IKE]))[0],
                         "ISAKMP")


class Clicks(unittest.TestCase):
    """In Wireshark, whose part sharkd plays; nobody asked for dpi before."""

    def shown(self, path, clicks):
        """The lines of dpi for each packet that is clicked on."""
        asks = [("load", {"file": str(path)})]
        asks += [("frame", {"frame": n, "proto": True}) for n in clicks]
        sharkd = tshark.popen("sharkd", "-", stdin=subprocess.PIPE)
        out, _ = sharkd.communicate("".join(
            json.dumps({"jsonrpc": "2.0", "id": n, "method": what,
                        "params": how}) + "\n"
            for n, (what, how) in enumerate(asks, 1)), timeout=60)
        answers = [json.loads(line) for line in out.splitlines()
                   if line.startswith("{")]
        return [self.lines(a["result"]["tree"]) for a in answers[1:]]

    @staticmethod
    def lines(tree):
        for item in tree:
            if item["l"].startswith("Application"):
                return [item["l"], *[n["l"] for n in item.get("n", [])]]
        return []

    def test_nothing_depends_on_them(self):
        frames = connection(client(0), 80, [HTTP, (OK,)])
        frames += connection(client(1), FOREIGN, [TLS], 50002)
        clicks = [1, 4, 5, 9, 2, 6]
        rows = self.shown(made(frames), clicks + clicks[::-1])
        self.assertEqual(rows, rows[::-1])
        self.assertIn("HTTP", rows[0][0])
        self.assertIn("Host: www.example.com", rows[1])

    def test_nor_on_those_on_a_name_or_a_hello(self):
        path = tshark.write("clicks", (
            SOURCE / "samples" / "countries.pcapng").read_bytes())
        # The connection before its name is resolved, and its ClientHello.
        clicks = [21, 19, 20, 24, 26]
        rows = self.shown(path, clicks + clicks[::-1])
        self.assertEqual(rows, rows[::-1])
        self.assertEqual(rows[0], ["Application: TLS", "Known By: content"])
        self.assertIn("Host: map.example.org", rows[3])

    def test_reading_twice_shows_no_less(self):
        path = made(connection(client(0), 80, [HTTP, (OK,)]))
        once, twice = [re.findall(r"^\[(Application: .*)\]$", "\n".join(
            tshark.lines("tshark", *more, "-r", path, "-V")), re.M)
            for more in ([], ["-2"])]
        self.assertEqual(once[3:], [
            "Application: HTTP www.example.com GET /a",
            "Application: HTTP www.example.com GET /a 200"])
        self.assertEqual(set(twice), {once[-1]})

    def test_however_details_are_asked_for(self):
        path = made(connection(client(0), 80, [HTTP, (OK,)]))
        for how in (["-V"], ["-nV"], ["-O", "dpi"], ["-Tjson"], ["-T", "ek"],
                    ["-T", "pdml"]):
            out = "\n".join(tshark.lines("tshark", "-2", "-r", path, *how))
            said = len(re.findall("www.example.com GET /a 200", out))
            self.assertTrue(said and said % 5 == 0, how)

    def test_one_line_for_one_fact(self):
        rows = self.shown(made(connection(client(0), 80, [b"\x99" * 40])),
                          [1])
        self.assertEqual(rows, [["Application: HTTP", "Known By: port"]])


if __name__ == "__main__":
    with Tshark(sys.argv.pop(1)) as tshark:
        talks.tshark = tshark
        unittest.main()
