#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is spoken, however its first bytes arrive; and what is not spoken.

Usage: test_arrival.py PLUGIN.so [unittest arguments]
"""
import os
import subprocess
import sys
import unittest
from random import Random

from frames import ACK, FIN, PSH, SYN, Flow, tcp
from harness import Tshark
from payloads import (HOSTS, HTTP, SYSLOG, TCP_WORDS, TLS, UDP_WORDS, be16, be32,
                      le32, tls_hello)
import talks
from payloads_more import TCP_MORE
from talks import (FOREIGN, Words, client, connection, datagrams, made, pieces,
                   said, server)

tshark = None


def is_client(message):
    return isinstance(message, bytes)


def split(messages, size):
    """The first message comes in two segments."""
    first, *rest = messages
    text = first if is_client(first) else first[0]
    parts = [text[:size], text[size:]]
    if not is_client(first):
        parts = [(part,) for part in parts]
    return [*[p for p in parts if p and p != (b"",)], *rest]


def cut(text, *sizes):
    parts = []
    for size in sizes:
        parts.append(text[:size])
        text = text[size:]
    return [*parts, text]


# Not those that are more than their first words, which Wireshark puts together;
# and the handshake of RTMP is longer than what we keep.
ORDERED = {name: word for name, word in {**TCP_WORDS, **TCP_MORE}.items()
           if name not in ("tls", "dot", "grpc", "etcd", "doh", "websocket",
                           "portmap", "rtmp")}


def in_ipv6(make):
    def make6(host, port, messages, *more):
        return make("2001:db8::" + host.rsplit(".", 1)[1], port, messages,
                    *more)
    return make6


class Arrival(Words):
    """What is told by content, whatever the port, is told like this, too."""

    def check_tcp(self, make):
        self.check(TCP_WORDS, make, lambda own: FOREIGN)

    def test_first_message_in_pieces(self):
        for size in (1, 3, 7):
            with self.subTest(size):
                self.check(
                    TCP_WORDS, lambda host, port, messages, n=size: connection(
                        host, port, split(messages, n)),
                    lambda own: FOREIGN, self.but("dns"))

    @staticmethod
    def but(*names):
        return {name: host for name, host in HOSTS.items()
                if name not in names}

    def test_length_and_message_apart(self):
        frames = connection(client(0), FOREIGN,
                            cut(TCP_WORDS["dns"][2], 2))
        self.assertEqual(said(frames), ("DNS", "content", "a.example.com"))

    def test_first_message_of_many_segments(self):
        """Its dissector may ask for the rest, on any port."""
        padding = be16(21) + be16(1600) + bytes(1600)
        hello = tls_hello("big.example.com", more=padding)
        for port in (FOREIGN, 22, 443):
            for sizes in ((1000,), (1, 1000), (2, 3, 500)):
                self.assertEqual(
                    said(connection(client(0), port, cut(hello, *sizes)))[2],
                    "big.example.com", (port, sizes))

    def check_order(self, make, words=None):
        """It is told by content in any order, with and without a handshake."""
        for port in (None, FOREIGN):
            for first in (0, 3):
                with self.subTest(port=port, first=first):
                    self.check(words or ORDERED,
                               lambda *talk, n=first: make(*talk)[n:],
                               lambda own, p=port: p or own, {})

    @staticmethod
    def in_pieces(host, port, messages):
        """(frames, those of the first message)"""
        first, *rest = messages
        text = first if is_client(first) else first[0]
        parts = pieces(text, 3)
        if not is_client(first):
            parts = [(part,) for part in parts]
        return (connection(host, port, [*parts, *rest]),
                slice(3, 3 + len(parts)))

    def test_first_message_backwards(self):
        def make(*talk):
            frames, first = self.in_pieces(*talk)
            frames[first] = frames[first][::-1]
            return frames
        self.check_order(make)

    def test_first_piece_last(self):
        def make(*talk):
            frames, first = self.in_pieces(*talk)
            begin, *more = frames[first]
            frames[first] = [*more, begin]
            return frames
        self.check_order(make)

    def test_first_message_after_the_next(self):
        def make(host, port, messages):
            first, *rest = messages
            more = b"x" * 40 if is_client(first) else (b"x" * 40,)
            frames = connection(host, port, [first, more, *rest])
            frames[3:5] = frames[4], frames[3]
            return frames
        self.check_order(make)

    def test_question_after_its_answer(self):
        """Two queues of a network card are not read in step."""
        def make(*talk):
            frames = connection(*talk)
            frames[3:5] = frames[4], frames[3]
            return frames
        self.check_order(make, {
            name: word for name, word in ORDERED.items()
            if len(word) == 4 and is_client(word[2])})

    def test_wireshark_puts_in_order(self):
        """Hosts come with its own preference, which our profile sets."""
        for port in (443, FOREIGN, 22):
            frames = connection(client(0), port, cut(TLS, 200))
            frames[3:5] = frames[4], frames[3]
            self.assertEqual(
                said(frames, "-o", "tcp.reassemble_out_of_order:TRUE")[2],
                "new.example.com")

    def test_first_segment_comes_too_late(self):
        """Then it is looked at all the same, unless something told before."""
        text = b"\x01" * 40
        frames = connection(client(0), FOREIGN, [HTTP, *[text] * 60])
        for place in (20, 60):
            mixed = frames[:3] + frames[4:place] + [frames[3]] + frames[place:]
            self.assertEqual(said(mixed)[:2], ("HTTP", "content"))

    def test_first_message_again(self):
        """A retransmission, before it is answered."""
        def make(host, port, messages):
            frames = connection(host, port, messages)
            return [*frames[:4], frames[3], *frames[4:]]
        self.check_tcp(make)

    def test_no_handshake(self):
        self.check_tcp(lambda *talk: connection(*talk)[3:])

    def test_server_first_and_no_handshake(self):
        detail, = said(connection(client(0), 2222, TCP_WORDS["ssh"][2:])[3:],
                       fields=("dpi.detail",))
        self.assertTrue(detail.startswith("server"), detail)

    def test_ipv6(self):
        self.check_tcp(in_ipv6(connection))
        self.check(UDP_WORDS, in_ipv6(datagrams), lambda own: FOREIGN)

    def test_after_empty_lines(self):
        """SIP keeps connections alive with them."""
        for text, app in ((TCP_WORDS["sip"][2], "SIP"), (HTTP, "HTTP")):
            self.assertEqual(said(connection(client(0), FOREIGN, [
                b"\r\n\r\n", text]))[0], app)


class NotSpoken(unittest.TestCase):
    """No name is better than a wrong one."""

    def apps(self, make, *talks_of):
        frames = []
        for n, messages in enumerate(talks_of):
            frames += make(client(n % 200), FOREIGN, messages, 20000 + n)
        return {(app, how) for app, how in tshark.fields(
            made(frames), "dpi.app", "dpi.how", more=("-2",))
            if how == "content"}

    def test_other_text_protocols(self):
        """Each shares a word with one that we know."""
        self.assertEqual(self.apps(
            connection,
            [b"PING\r\n", (b"PONG\r\n",)],              # NATS, joined late
            [b"delete 17\r\n", (b"DELETED\r\n",)],      # Beanstalk
            [b"stats\r\n", (b"OK 9\r\n---\n",)],
            [b"get up\r\n", (b"what?\r\n",)],
            [b"set timeout\r\n", (b"ok\r\n",)],
            [(b"220 printer ready\r\n",), b"STATUS\r\n"],
            [(b"+OK\r\n",), b"QUEUE 1\r\n"],
            [b"OPTIONS\r\n"], [b"GET READY\r\n"],
            [b"COPY " + b"\1\2\3" * 300],
            [b"SSH is fun\r\n"], [b"* ready\r\n"]), set())

    def test_a_port_of_tls(self):
        for port, app in ((443, "TLS"), (143, "IMAP"), (993, "IMAP over TLS")):
            self.assertEqual(said(connection(client(0), port, [b"\x99" * 40])),
                             (app, "port", ""))
            self.assertEqual(said(connection(client(0), port, [
                TCP_WORDS["turn"][2]])), ("STUN", "content", ""))

    def test_other_messages_over_udp(self):
        self.assertEqual(self.apps(
            datagrams,
            [b"\2\0\0\0" + bytes(88)],               # as long as WireGuard's
            [b"\1\0\0\0" + b"x" * 144],
            [b"\x38abcdefgh", (b"\x40" + b"z" * 40,)],   # OpenVPN's first bytes
            [b"\x80\x60" + be16(1) + be32(1, 2) + b"x",
             b"\x80\x61" + be16(2) + be32(2, 3) + b"x"],
            [b"\x16\xfe\xfd" + b"x" * 40]), set())

    @staticmethod
    def records(random):
        """As many binary protocols have: lengths, small numbers, zeros."""
        body = b"".join(random.choice((
            bytes(random.randint(1, 6)), bytes([random.randint(0, 8)]),
            be16(random.randint(0, 40)), le32(random.randint(0, 40)),
            b"name", random.randbytes(3))) for _ in range(
                random.randint(1, 30)))
        return random.choice((
            body, be32(len(body)) + body, le32(len(body)) + body,
            be16(len(body)) + body, be32(len(body) + 4) + body,
            be16(random.randint(0, 9), len(body) + 4) + body))

    def test_records_of_unknown_protocols(self):
        random = Random(21)
        for make in (connection, datagrams):
            conversations = [[self.records(random), (self.records(random),),
                              self.records(random)] for _ in range(2500)]
            self.assertEqual(self.apps(make, *conversations), set())

    def test_what_is_no_first_message(self):
        """The segment before it was lost: it is not SOCKS that begins."""
        flow = Flow(client(0), server(client(0)), 50001, FOREIGN)
        begin = [flow.out(SYN, 99), flow.back(SYN | ACK, 499, 100),
                 flow.out(ACK, 100, 500)]
        for word in (b"\5\1\0", b"\x04\1\0\x50\xcb\0\x71\1\0"):
            later = flow.out(PSH | ACK, 140, 500, word)
            end = flow.out(FIN | ACK, 140 + len(word), 500)
            frames = [*begin, later, end]
            self.assertEqual(said(frames, fields=("dpi.app",)), ("TCP",))
            sure = [*begin, flow.out(PSH | ACK, 100, 500, word)]
            self.assertEqual(said(sure, fields=("dpi.app",)), ("SOCKS",))

    def test_what_follows_a_lost_segment(self):
        """It is looked at when nothing can come any more."""
        frames = connection(client(0), FOREIGN, [b"\1" * 40, HTTP])
        del frames[3]
        self.assertNotEqual(said(frames, fields=("dpi.how",)), ("content",))
        end = Flow(client(0), server(client(0)), 50001, FOREIGN)
        frames.append(end.out(FIN | ACK, 41 + len(HTTP), 1))
        self.assertEqual(said(frames, fields=("dpi.how",)), ("content",))

    def test_what_is_sure_without_the_first_message(self):
        for app, words in (
                ("FTP", [b"USER anonymous\r\n", b"AUTH TLS\r\n"]),
                ("POP3", [b"CAPA\r\n", b"STLS\r\n"]),
                ("NNTP", [b"CAPABILITIES\r\n", b"MODE READER\r\n"]),
                ("Redis", [(b"$-1\r\n",)]),
                ("AJP13", [(b"AB\0\1\x09",),
                           (b"AB\0\x0b\4\0\xc8\0\2OK\0\0\0\0\0",)])):
            for word in words:
                frames = connection(client(0), FOREIGN, [b"\1" * 40, word])
                del frames[3]
                end = Flow(client(0), server(client(0)), 50001, FOREIGN)
                frames.append(end.out(FIN | ACK, 41, 1))
                self.assertEqual(said(frames, fields=("dpi.app", "dpi.how")),
                                 (app, "content"), word)

    def test_text_of_a_file_that_ftp_sends(self):
        """Who announced the connection knows what it is for."""
        host = client(0)
        port = 40021
        control = connection(host, 21, [
            (b"220 (vsFTPd 3.0.3)\r\n",), b"PASV\r\n",
            (b"227 Entering Passive Mode (%s,%d,%d).\r\n" % (
                server(host).replace(".", ",").encode(), port >> 8,
                port & 255),), b"RETR log\r\n"])
        for text in (HTTP, SYSLOG, TLS):
            frames = control + connection(host, port, [(text,)], 50002)
            apps = tshark.fields(made(frames), "tcp.stream", "dpi.app",
                                 more=("-2",))
            self.assertEqual(set(apps), {("0", "FTP"), ("1", "FTP data")})

    def test_joined_late_in_a_text(self):
        """A segment of a page that quotes other protocols."""
        page = b"<p>GET / HTTP/1.1</p><p>SSH-2.0-x</p>EHLO a\r\n" * 4
        host = client(0)
        frames = [tcp(server(host), host, PSH | ACK, 1000 + 100 * n, 1,
                      page[7 + n:107 + n], FOREIGN, 50001) for n in range(5)]
        self.assertEqual({how for (how,) in tshark.fields(
            made(frames), "dpi.how", more=("-2",))}, {""})


@unittest.skipIf("PKTWHO_PRELOAD" in os.environ, "sanitizers keep more")
class Memory(unittest.TestCase):
    """What is kept of conversations that nothing tells anything of."""

    MANY = 10000

    def peak(self, path, when):
        """Bytes of a tshark that reads it, and asks for no more than it needs."""
        process = tshark.popen(
            "env", "-u", "GLIBC_TUNABLES", "tshark", "-r", path, "-Y",
            "frame.len == 1", "-o", f"dpi.when:{when}",
            stdin=subprocess.DEVNULL)
        with process.stdout, process.stderr:
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            self.assertEqual(process.stderr.read(), "")
        self.assertEqual(process.returncode, 0)
        return usage.ru_maxrss * 1024

    def each(self, size, begin):
        """Bytes for each, of eight payloads of that @size."""
        frames = []
        for n in range(self.MANY):
            frames += connection(client(0), FOREIGN, [
                b"\xf3" * size, (b"\xee" * size,)] * 4, 10000 + n)[begin:]
        path = made(frames)
        return (self.peak(path, "asked") - self.peak(path, "never")) / self.MANY

    def test_with_handshake(self):
        self.assertLess(self.each(60, 0), 1300)
        self.assertLess(self.each(600, 0), 800)

    def test_without_handshake(self):
        self.assertLess(self.each(600, 3), 1600)


class Cut(unittest.TestCase):
    """Packets of which only the beginning was captured, as with -s 96."""

    def said(self, size, *fields):
        """Of an HTTP request, of which so many bytes are there."""
        path = made(connection(client(0), 80, [HTTP]))
        cut = tshark.dir / "cut.pcapng"
        cut.unlink(missing_ok=True)
        tshark.lines("editcap", "-s", 54 + size, path, cut)
        return tshark.fields(cut, *fields)[-1]

    def test_half_a_name_is_no_host(self):
        name = HTTP.index(b"www")
        for size in range(name + 1, name + 15):
            self.assertEqual(self.said(size, "dpi.app", "dpi.host"),
                             ("HTTP", ""))
        self.assertEqual(self.said(name + 17, "dpi.host"),
                         ("www.example.com",))

    def test_half_a_path_ends_with_dots(self):
        self.assertEqual(self.said(len(b"GET /a"), "dpi.detail"),
                         ("GET /a...",))


if __name__ == "__main__":
    with Tshark(sys.argv.pop(1)) as tshark:
        talks.tshark = tshark
        unittest.main()
