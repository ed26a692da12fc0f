# SPDX-License-Identifier: GPL-3.0-or-later
"""Conversations of made-up words, and what is said of them."""
import re
import struct
import unittest

from frames import ACK, PSH, SYN, Flow, ip
from payloads import HOSTS
from pcapng import epb, idb, shb

T0 = 1_700_000_000 * 10**9
FOREIGN = 23457                 # nobody's
HERE = "192.0.2."

tshark = None                   # the test's


def client(number):
    return f"{HERE}{number + 1}"


def server(host):
    """Each client has its own, which ends with the same number."""
    return host.replace(HERE, "203.0.113.").replace("db8::", "db8:1::")


def pieces(text, count):
    size = max(1, -(-len(text) // count))
    return [text[at:at + size] for at in range(0, len(text), size)]


def connection(host, port, messages, sport=50001, cut=1, times=1, only=None):
    """Frames of TCP: a handshake and what is said.

    A message may be @cut into segments, each of which comes some @times; and
    there may be those of one end @only: True, the client's.
    """
    flow, sent = Flow(host, server(host), sport, port), {True: 1, False: 1}
    frames = [flow.out(SYN), flow.back(SYN | ACK, 0, 1), flow.out(ACK, 1, 1)]
    for message in messages:
        out = isinstance(message, bytes)
        text, send = (message, flow.out) if out else (message[0], flow.back)
        for piece in pieces(text, cut):
            if only in (None, out):
                frames += [send(PSH | ACK, sent[out], sent[not out],
                                piece)] * times
            sent[out] += len(piece)
    return frames


def datagrams(host, port, messages, sport=50001):
    frames = []
    for message in messages:
        out = isinstance(message, bytes)
        text = message if out else message[0]
        ends, ports = (host, server(host)), (sport, port)
        if not out:
            ends, ports = ends[::-1], ports[::-1]
        frames.append(ip(*ends, 17, struct.pack(
            ">HHHH", *ports, 8 + len(text), 0) + text))
    return frames


def made(frames):
    return tshark.write("content.pcapng", b"".join(
        [shb(), idb(), *[epb(f, T0 + n * 10**6)
                         for n, f in enumerate(frames)]]))


def said(frames, *more, fields=("dpi.app", "dpi.how", "dpi.host")):
    """What all packets of a single conversation say."""
    rows = set(tshark.fields(made(frames), *fields, more=("-2", *more)))
    assert len(rows) == 1, rows
    return rows.pop()


class Words(unittest.TestCase):
    """All of a table in one file: who speaks is known by the address."""

    def apps(self, words, port, **how):
        """{name: what is said of it by its bytes} of a table, over TCP."""
        frames, names, apps = [], {}, {name: set() for name in words}
        for number, (name, (_, _, *messages)) in enumerate(words.items()):
            names[f"{number + 1}"] = name
            frames += connection(client(number), port, messages, **how)
        for line in tshark.run("tshark", "-2", "-r", made(frames), "-T",
                               "fields", "-e", "ip.src", "-e", "dpi.app",
                               "-e", "dpi.how").stdout.splitlines():
            src, app, by = line.split("\t")
            apps[names[src.split(".")[-1]]].update(
                [app] if by not in ("", "port") else [])
        return apps

    def check(self, words, make, port_of, its_hosts=HOSTS):
        frames, names, ports = [], {}, set()
        for number, (name, (_, own, *messages)) in enumerate(words.items()):
            names[f"{number + 1}"] = name
            frames += make(client(number), port_of(own), messages)
        rows, hosts = {}, {}
        for src, src6, app, how, host in tshark.fields(
                made(frames), "ip.src", "ipv6.src", "dpi.app", "dpi.how",
                "dpi.host", more=("-2",)):
            name = names[re.split("[.:]", src or src6)[-1]]
            rows.setdefault(name, set()).add(app)
            hosts.setdefault(name, set()).add(host)
            ports.update([name] if how == "port" else [])
        wrong = {name: rows[name] for name, (app, *_) in words.items()
                 if rows[name] != {app}}
        self.assertEqual(wrong, {})
        self.assertEqual(ports, set())
        for name, host in its_hosts.items():
            self.assertEqual(hosts.get(name, {host}), {host}, name)
