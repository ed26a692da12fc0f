#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is spoken, however its first bytes arrive; and what is not spoken.

Usage: test_arrival.py PLUGIN.so [unittest arguments]
"""
import sys
import unittest

from harness import Tshark
from payloads import HTTP, SYSLOG, TCP_WORDS, TLS, UDP_WORDS
import talks
from talks import (FOREIGN, Words, client, connection, datagrams, made, said,
                   server)

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
                    {name: words for name, words in TCP_WORDS.items()
                     if name not in self.NESTED},
                    lambda host, port, messages, n=size: connection(
                        host, port, split(messages, n)),
                    lambda own: FOREIGN, {})

    # What is inside, and a host, Wireshark finds that needs their first byte.
    NESTED = {"tls", "dot", "grpc", "etcd", "doh", "websocket"}

    def test_first_message_again(self):
        """A retransmission, before it is answered."""
        def make(host, port, messages):
            frames = connection(host, port, messages)
            return [*frames[:4], frames[3], *frames[4:]]
        self.check_tcp(make)

    def test_no_handshake(self):
        self.check_tcp(lambda *talk: connection(*talk)[3:])

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


if __name__ == "__main__":
    with Tshark(sys.argv.pop(1)) as tshark:
        talks.tshark = tshark
        unittest.main()
