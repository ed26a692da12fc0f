#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is spoken where a capture began in the middle of a connection.

Usage: test_middle.py PLUGIN.so [unittest arguments]
"""
import sys
import unittest
from random import Random

from frames import ACK, FIN, Flow
from harness import Tshark
from payloads import SSH, TCP_WORDS, be16, be32, sized
from payloads_middle import TCP_MIDDLE, masked
from payloads_more import TCP_MORE
import talks
from talks import FOREIGN, Words, client, connection, made, server

tshark = None


def joined(*talk, **how):
    """There is no handshake."""
    return connection(*talk, **how)[3:]


def after_loss(host, port, messages):
    """There is one, but what the client says first is lost."""
    frames = connection(host, port, [b"\1" * 40, *messages])
    end = Flow(host, server(host), 50001, port)
    sent = 41 + sum(len(m) for m in messages if isinstance(m, bytes))
    return [*frames[:3], *frames[4:], end.out(FIN | ACK, sent, 1)]


class Middle(Words):
    def check_all(self, make, words=None):
        for port in (None, FOREIGN, 443):
            with self.subTest(port):
                self.check(words or TCP_MIDDLE, make,
                           lambda own, p=port: p or own)

    def test_joined(self):
        self.check_all(joined)

    def test_first_message_lost(self):
        self.check_all(after_loss)

    def test_in_pieces(self):
        """But for rows, of which what is whole is enough, and short words."""
        words = {name: word for name, word in TCP_MIDDLE.items()
                 if not name.endswith("ping")}
        self.check_all(lambda *talk: joined(*talk, cut=3), words)

    def test_all_is_seen(self):
        """Who begins otherwise is somebody else."""
        frames = []
        for n, (app, _, *messages) in enumerate(TCP_MIDDLE.values()):
            if app != "AMQP":       # whose methods are sure at any place
                begins = [b"\xf3\x01\x99" * 5, (b"\xf4\x01\x99" * 5,)]
                frames += connection(client(n), FOREIGN, begins + messages)
        self.assertNotIn(("content",), tshark.fields(
            made(frames), "dpi.how", more=("-2",)))

    def test_a_proxy_s_answer_is_not_what_it_passes_on(self):
        """CONNECT was before the capture."""
        yes = b"HTTP/1.%d 200 Connection %s\r\n\r\n"
        frames = []
        for n, answer in enumerate([yes % (0, b"established"),
                                    yes % (1, b"Established")]):
            frames += joined(client(n), 8888, [(answer,), (SSH,), SSH])
        self.assertEqual(set(tshark.fields(
            made(frames), "tcp.stream", "dpi.app", "dpi.how", more=("-2",))),
            {("0", "SSH", "content"), ("1", "SSH", "content")})

    def test_first_is_no_middle(self):
        """What a client says first, with nothing missing, is its beginning."""
        frames = []
        for n, (app, _, first, *_) in enumerate(TCP_MIDDLE.values()):
            if app != "AMQP" and isinstance(first, bytes):
                frames += connection(client(n), FOREIGN, [first])
        self.assertNotIn(("content",), tshark.fields(
            made(frames), "dpi.how", more=("-2",)))


class NotSpoken(unittest.TestCase):
    def apps(self, talks_of):
        frames = []
        for n, messages in enumerate(talks_of):
            frames += joined(client(n % 200), FOREIGN, messages,
                             sport=20000 + n)
        return {(n, app) for n, app, how in tshark.fields(
            made(frames), "tcp.stream", "dpi.app", "dpi.how", more=("-2",))
            if how == "content"}

    def test_noise(self):
        random = Random(23)
        self.assertEqual(self.apps(
            [random.randbytes(random.randint(1, 200))]
            for _ in range(5000)), set())

    def test_what_is_almost_it(self):
        self.assertEqual(self.apps([
            [masked(b"short")], [masked(bytes(range(40)))],
            [(b"\x81\x05hello",)],
            [be32(0, 0, 0)], [b"\0\0\5\0\1" + be32(1) + b"hello"],
            [b"\0\0\1\1\5" + be32(1) + b"\xbf"],        # nothing that is known
            [b"\0\0\4\x08\0" + be32(0, 30)],            # one by itself
            [(b"\0\0\4\x08\0" + be32(0, 0)) * 2],       # by no bytes
            [(b"\0\0\4\x03\0" + be32(2, 8)) * 2],       # a server's
            [(b"\0\0\1\1\5" + be32(1) + b"\x88",)],      # a single field
            [(b"VALUE of x\r\n",)], [(b"VALUE a 0 2\r\nhi there\r\n",)],
            [(b"STORED\r\n",)], [(b"DELETED\r\n",)],
            [b"\xc0\0", (b"\xd0\0\0",)], [b"\x30\x0c\0\5hello, you"],
            [(b"Z\0\0\0\5I",)], [(b"C\0\0\0\4Z\0\0\0\5X",)],
            [(b"D" + be32(20) + b"\0\2" + bytes(14),)],
            [b"S\0\0\0\4"], [(b"\7\0\0\1\0\0\0\2\0\0\0",)],
            [(b"\3\0\1" + sized(b"hello") + b"\xce",)],
            [b"\x81\xff" + bytes(4) + b"x" * 127],
            [b"\x81\x98" + bytes(4) + b"x" * 24],
            [sized(be16(12, 4) + be32(7) + b"\0\4name\1\6group")],
            [sized(be16(14, 0) + be32(7) + b"\0\4name\0\6gro\0p")],
            [be32(0x25609513, 0, 0, 7, 0, 4096, 4096, 9)],
            [(be32(0x67446698, 5, 1, 2, 9),)],
            [sized(b"\6" + be32(7, 0x4100, 0x4000))],
            [sized(b"\6" + be32(7, 0x4000, 0x4000)) + b"\1\2"],
            [b"\4\1\0\x20" + bytes(28)], [be32(8, 0xfffffffe, 12)]]), set())

    # What is inside is not in the beginning.
    WITHIN = {"TLS", "HTTP", "HTTP/2", "SMB"}

    def test_beginnings(self):
        """What begins as something known is nothing else."""
        words = TCP_WORDS | TCP_MORE | TCP_MIDDLE
        frames, names = [], {}
        for n, (name, (_, _, first, *_)) in enumerate(words.items()):
            text = first if isinstance(first, bytes) else first[0]
            names[client(n)] = name
            for size in range(1, min(len(text), 80)):
                frames += joined(client(n), FOREIGN, [text[:size]],
                                 sport=20000 + size)
        for src, app, how in tshark.fields(
                made(frames), "ip.src", "dpi.app", "dpi.how", more=("-2",)):
            if how == "content":
                self.assertIn(app, {words[names[src]][0], *self.WITHIN},
                              names[src])


if __name__ == "__main__":
    with Tshark(sys.argv.pop(1)) as tshark:
        talks.tshark = tshark
        unittest.main()
