#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The dpi.* fields: captures of real programs, and files made for one rule.

Usage: test_dpi.py PLUGIN.so [unittest arguments]
"""
import json
import re
import struct
import subprocess
import sys
import unittest

from frames import ACK, PSH, Flow, ip4
from harness import SOURCE, Tshark
from harness import udp as datagram
import pcapng
from pcapng import End, attribution, epb, file_of, idb, shb

T0 = 1_700_000_000 * 10**9
TURNS = 256                     # DPI_FLOW_TURNS

tshark = None


def sample(name):
    return tshark.write(name, (SOURCE / "tests/data/dpi" / name).read_bytes())


class Samples(unittest.TestCase):
    """Every packet of a flow says the same when the file is read twice."""

    # file: one (app, host, detail of the first packet) per flow
    FLOWS = {
        "dot": [("DNS over TLS", "dns.example.com",
                 "TLS 1.3; TLS_AES_256_GCM_SHA384; ALPN dot offered")],
        "http-port": [("HTTP", "dev.example.com", "GET / 200")],
        "postgresql": [("PostgreSQL", "", "")],
        "quic": [("HTTP/3", "quic.example.com",
                  "TLS 1.3; TLS_AES_128_GCM_SHA256; ALPN h3 offered")],
        "redis": [("Redis", "", "")],
        "smtp": [("SMTP", "", "")],
        "smtp-starttls": [("SMTP", "mail.example.com",
                           "TLS 1.3; TLS_AES_256_GCM_SHA384")],
        "ssh": [("SSH", "", "client SSH-2.0-OpenSSH_9.2p1 "
                 "Debian-2+deb12u10; server SSH-2.0-OpenSSH_9.2p1 "
                 "Debian-2+deb12u10")],
        "tls12": [("HTTP/2", "old.example.com",
                   "TLS 1.2; TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256; ALPN h2")],
        "tls13": [("HTTPS", "new.example.com", "TLS 1.3; "
                   "TLS_AES_256_GCM_SHA384; ALPN h2 http/1.1 offered")],
    }

    def check(self, name, expected, *more):
        flows = {}
        for tcp, udp, src, *said in tshark.fields(
                sample(f"{name}.pcapng"), "tcp.stream", "udp.stream",
                "ip.src", "dpi.app", "dpi.host", "dpi.detail",
                more=("-2", "-Y", "ip", *more)):
            # JA4 is there from Wireshark 4.2 on.
            said[2] = said[2].split("; JA4 ")[0]
            ends, all_said = flows.setdefault(tcp or udp, (set(), set()))
            ends.add(src)
            all_said.add(tuple(said))
        for ends, _ in flows.values():
            self.assertEqual(ends, {"192.0.2.10", "192.0.2.80"})
        self.assertEqual([said for _, said in flows.values()],
                         [{flow} for flow in expected], name)

    def test_every_packet_of_the_flow(self):
        for name, expected in self.FLOWS.items():
            with self.subTest(name):
                self.check(name, expected)

    def test_http2_in_the_clear(self):
        # Wireshark has to be told, since the port says nothing.
        self.check("http2", [("HTTP/2", "www.example.com", "GET /page 200")],
                   "-d", "tcp.port==8082,http2")

    def test_ja4(self):
        if tshark.version < (4, 2):
            self.skipTest("no JA4 in this Wireshark")
        for (detail,) in tshark.fields(sample("tls13.pcapng"), "dpi.detail",
                                       more=("-2", "-Y", "tcp")):
            self.assertIn("; JA4 t13d", detail)

    def test_a_connection_used_again(self):
        """Each request's packets have its own host and path."""
        said = [row for row in tshark.fields(
            sample("http.pcapng"), "http.request.full_uri", "dpi.summary",
            more=("-2", "-Y", "http.request || http.response"))]
        self.assertEqual([s for _, s in said], [
            "HTTP www.example.com GET /first 200"] * 2 + [
            "HTTP www.example.com GET /second 200"] * 2 + [
            "HTTP one.example.com GET http://one.example.com/1 200"] * 2 + [
            "HTTP two.example.com GET http://two.example.com/2 200"] * 2)

    def test_port_of_another_is_worth_a_word(self):
        for name, words in (("http-port", "HTTP on port 9000 dev.example.com "
                             "GET / 200"),
                            ("redis", "Redis"),
                            ("smtp", "SMTP")):
            rows = tshark.fields(sample(f"{name}.pcapng"), "dpi.summary",
                                 more=("-2", "-Y", "tcp"))
            self.assertEqual(set(rows), {(words,)})


class Asking(unittest.TestCase):
    """However the fields are asked for, nothing is lost."""

    def test_one_pass_knows_what_it_has_seen(self):
        rows = tshark.fields(sample("http-port.pcapng"), "dpi.app", "dpi.host",
                             more=("-Y", "tcp"))
        self.assertEqual(rows[:3], [("TCP", "")] * 3)
        self.assertEqual(set(rows[3:]), {("HTTP", "dev.example.com")})

    def test_filter_catches_the_first_packet(self):
        dns = sample("dns.pcapng")
        self.assertEqual(tshark.frames(dns, 'dpi.app == "DNS"')[0], 1)
        found = tshark.lines("tshark", "-r", dns, "-Y", 'dpi.app == "DNS"')
        self.assertEqual(found[0].split()[0], "1")

    def test_filter_read_twice(self):
        tls = sample("tls13.pcapng")
        found = tshark.lines("tshark", "-2", "-r", tls, "-Y",
                             'dpi.host == "new.example.com"')
        self.assertEqual(len(found), len(tshark.frames(tls, "tcp")))

    def test_column(self):
        columns = 'gui.column.format:"App","%Cus:dpi.app:0:R"'
        rows = tshark.lines("tshark", "-2", "-r", sample("tls13.pcapng"),
                            "-o", columns)
        self.assertEqual(set(rows[:-1]), {"HTTPS"})

    def test_tap(self):
        out = "\n".join(tshark.lines(
            "tshark", "-2", "-q", "-r", sample("tls13.pcapng"), "-z",
            "io,stat,0,COUNT(dpi.host)dpi.host"))
        count = len(tshark.frames(sample("tls13.pcapng"), "tcp"))
        self.assertRegex(out, rf"<> *\d[\d.]* *\| *{count} *\|")

    def test_without_being_named(self):
        packets = json.loads("\n".join(tshark.lines(
            "tshark", "-T", "json", "-r", sample("dns.pcapng"))))
        dpi = packets[0]["_source"]["layers"]["dpi"]
        self.assertEqual(dpi["dpi.app"], "DNS")
        self.assertEqual(dpi["dpi.host"], "www.example.com")

    def test_preference_never(self):
        rows = tshark.fields(sample("tls13.pcapng"), "dpi.host",
                             more=("-2", "-o", "dpi.when:never"))
        self.assertEqual(set(rows), {("",)})

    def test_preference_always(self):
        packets = json.loads("\n".join(tshark.lines(
            "tshark", "-2", "-T", "json", "-o", "dpi.when:always", "-r",
            sample("tls13.pcapng"))))
        for packet in packets[:-1]:
            self.assertEqual(packet["_source"]["layers"]["dpi"]["dpi.host"],
                             "new.example.com")


# ---- files made for one rule ----

def name_of(text):
    return b"".join(bytes([len(part)]) + part.encode()
                    for part in text.split(".")) + b"\0"


def record(name, address):
    return name_of(name) + struct.pack(">HHIH", 1, 1, 60, 4) + address


def dns(name, *answers, more=(), number=1, rcode=0):
    """A question about an IPv4 address, or an answer with its records."""
    flags = 0x8180 | rcode if answers or rcode else 0x0100
    return (struct.pack(">HHHHHH", number, flags, 1, len(answers), 0, len(more))
            + name_of(name) + struct.pack(">HH", 1, 1)
            + b"".join(record(*r) for r in (*answers, *more)))


def udp(src, sport, dst, dport, payload):
    return ip4(src, dst, 17, struct.pack(">HHHH", sport, dport,
                                         8 + len(payload), 0) + payload)


def asked(payload, sport=40000):
    return udp("192.0.2.10", sport, "192.0.2.53", 53, payload)


def answered(payload, sport=40000):
    return udp("192.0.2.53", 53, "192.0.2.10", sport, payload)


WEB, GLUE = bytes([203, 0, 113, 5]), bytes([203, 0, 113, 53])
CONNECT = Flow("192.0.2.10", "203.0.113.5", dport=81).out(ACK)
CONNECT_GLUE = Flow("192.0.2.10", "203.0.113.53", dport=81).out(ACK)
RESOLVER = End(77, 77, b"resolver", "socket")


def made(*packets):
    return tshark.write("made.pcapng", file_of(T0, packets))


class Names(unittest.TestCase):
    def test_name_and_who_asked(self):
        rows = tshark.fields(sample("dns.pcapng"), "dpi.name", "dpi.name_proc",
                             more=("-2", "-Y", "tcp"))
        self.assertEqual(set(rows), {("www.example.com", "curl")})

    def test_host_in_statistics(self):
        for more in ((), ("-2",)):
            out = "\n".join(tshark.lines("tshark", "-q", "-r", sample(
                "dns.pcapng"), "-z", "proc,tree", *more))
            self.assertIn("www.example.com (192.0.2.80)", out)

    def test_host_in_statistics_from_the_first_packet_on(self):
        answer = answered(dns("www.example.com", ("www.example.com", WEB)))
        path = made((answer, attribution("in", dst=RESOLVER)),
                    (CONNECT, attribution("out", RESOLVER)))
        out = "\n".join(tshark.lines("tshark", "-q", "-r", path, "-z",
                                     "proc,tree"))
        self.assertIn(" www.example.com (203.0.113.5) ", out)

    def test_only_the_answers_count(self):
        """Not the addresses of name servers that come with them."""
        path = made(asked(dns("www.example.com")),
                    answered(dns("www.example.com", ("www.example.com", WEB),
                                 more=[("ns.example.com", GLUE)])),
                    CONNECT, CONNECT_GLUE)
        self.assertEqual(tshark.fields(path, "dpi.name")[2:],
                         [("www.example.com",), ("",)])

    def test_the_last_name_before_the_packet(self):
        answers = [answered(dns(name, (name, WEB)))
                   for name in ("a.example.com", "b.example.com")]
        path = made(CONNECT, answers[0], CONNECT, answers[1], CONNECT)
        self.assertEqual(
            tshark.fields(path, "dpi.name", more=("-2", "-Y", "tcp")),
            [("a.example.com",), ("a.example.com",), ("b.example.com",)])

    def test_answers_of_others_are_not_ours(self):
        answer = answered(dns("www.example.com", ("www.example.com", WEB)))
        for direction, names in (("in", "www.example.com"), ("out", ""),
                                 ("forwarded", ""), ("local",
                                                     "www.example.com")):
            path = made((answer, attribution(direction, dst=RESOLVER)),
                        CONNECT)
            with self.subTest(direction):
                self.assertEqual(tshark.fields(path, "dpi.name")[1], (names,))

    def test_the_remote_end_only(self):
        answer = answered(dns("me.example.com",
                              ("me.example.com", bytes([192, 0, 2, 10]))))
        path = made(answer, (CONNECT, attribution("out", RESOLVER)), CONNECT)
        self.assertEqual(tshark.fields(path, "dpi.name")[1:],
                         [("",), ("me.example.com",)])


class Unresolved(unittest.TestCase):
    """The expert item for a server name that DNS was never asked for."""

    HELLO = next(b.data for b in pcapng.blocks(
        (SOURCE / "tests/data/dpi/tls13.pcapng").read_bytes())
        if b.kind == pcapng.EPB and b"new.example.com" in b.data)
    # 192.0.2.80, which the hello goes to
    SERVER = bytes([192, 0, 2, 80])

    def found(self, *packets, more=()):
        """frame: message, after those that 4.6 has of its own"""
        path = made(*packets)
        return {int(n): message[message.index("new.example.com"):]
                for n, message in tshark.fields(
            path, "frame.number", "_ws.expert.message",
            more=("-Y", "dpi.unresolved", *more))}

    def hello(self, direction="out"):
        return self.HELLO, attribution(direction, RESOLVER)

    @staticmethod
    def resolved(name, address=WEB):
        return asked(dns(name)), answered(dns(name, (name, address)))

    def test_never_resolved(self):
        other = self.resolved("other.example.com")
        self.assertEqual(self.found(*other, self.hello()), {
            3: "new.example.com was never resolved by this host"})
        self.assertEqual(self.found(*other, self.hello(), more=(
            "-o", "dpi.expert_unresolved:FALSE")), {})

    def test_a_name_for_show(self):
        other = self.resolved("other.example.com", self.SERVER)
        self.assertEqual(self.found(*other, self.hello()), {
            3: "new.example.com was never resolved by this host, and"
               " 192.0.2.80 was resolved as other.example.com"})

    def test_resolved(self):
        for name in ("new.example.com", "NEW.example.com"):
            self.assertEqual(self.found(
                *self.resolved(name), self.hello()), {})
        late = (self.hello(), *self.resolved("new.example.com"))
        self.assertEqual(self.found(*late, more=("-2",)), {})

    def test_what_others_say_unasked_resolves_nothing(self):
        to_nobody = attribution("in", End(), End(attr="kernel",
                                                 reason="no-socket"))
        name = "new.example.com"
        for said in (answered(dns(name, (name, self.SERVER)), 1234),
                     udp("198.51.100.6", 1234, "192.0.2.10", 53, dns(name))):
            self.assertEqual(self.found(
                *self.resolved("other.example.com"), (said, to_nobody),
                self.hello()), {
                4: "new.example.com was never resolved by this host"})

    def test_of_others(self):
        other = self.resolved("other.example.com")
        for direction in ("in", "forwarded", "local", "unknown"):
            self.assertEqual(self.found(*other, self.hello(direction)), {})
        self.assertEqual(self.found(*other, self.HELLO), {})

    def test_no_dns_to_be_seen(self):
        self.assertEqual(self.found(self.hello()), {})

    def test_a_name_that_may_be_outer(self):
        """An Encrypted Client Hello: here its type stands for ALPN's."""
        frame = self.HELLO.replace(b"\0\x10\0\x0e\0\x0c",
                                   b"\xfe\x0d\0\x0e\0\x0c")
        self.assertNotEqual(frame, self.HELLO)
        self.assertEqual(self.found(
            *self.resolved("other.example.com"),
            (frame, attribution("out", RESOLVER))), {})

    def test_however_one_looks(self):
        path = made(*self.resolved("other.example.com"), self.hello())
        out = "\n".join(tshark.lines("tshark", "-q", "-r", path, "-z",
                                     "expert"))
        self.assertIn("new.example.com was never resolved", out)
        rows = tshark.fields(path, "_ws.expert.message", "dpi.app",
                             more=("-2", "-Y", "_ws.expert.message contains"
                                   ' "never resolved"'))
        self.assertEqual(len(rows), 1)

    def test_expert_statistic(self):
        """It asks for fewer fields, and finds what all of them find."""
        ech = self.HELLO.replace(b"\0\x10\0\x0e\0\x0c",
                                 b"\xfe\x0d\0\x0e\0\x0c")
        resolved = self.resolved("other.example.com")
        tunnel = (SOURCE / "samples/dns-tunnel.pcapng").read_bytes()
        for write, found in (
                (lambda: made(*resolved, self.hello()), 1),
                (lambda: made(*resolved,
                              (ech, attribution("out", RESOLVER))), 0),
                (lambda: tshark.write("tunnel", tunnel), 1)):
            path = write()
            few, all_of_them = (tshark.lines(
                "tshark", "-q", "-r", path, "-z", "expert", "-o",
                f"dpi.when:{when}") for when in ("asked", "always"))
            self.assertEqual(few, all_of_them)
            self.assertEqual(len(re.findall(
                "never resolved|different names", "\n".join(few))), found)

    def test_expert_statistic_of_a_host(self):
        """Whose filter names a field that is not among the few."""
        out = tshark.run("tshark", "-q", "-r", sample("http-port.pcapng"),
                         "-z", 'expert,dpi.host == "dev.example.com"').stdout
        self.assertIn("HTTP on port", out)

    def test_no_false_alarm(self):
        folders = SOURCE / "samples", SOURCE / "tests/data/dpi"
        for path in sorted(p for d in folders for p in d.glob("*.pcapng")):
            copy = tshark.write(path.name, path.read_bytes())
            self.assertEqual(tshark.frames(copy, "dpi.unresolved"), [],
                             path.name)


def parts(frame, size):
    """The fragments of IPv4 or IPv6 (an extension header) of that frame."""
    is_6 = frame[12:14] == b"\x86\xdd"
    head, body = frame[:54 if is_6 else 34], frame[54 if is_6 else 34:]
    for at in range(0, len(body), size):
        piece, more = body[at:at + size], at + size < len(body)
        if is_6:
            yield (head[:18] + struct.pack(">HBB", len(piece) + 8, 44, 64)
                   + head[22:] + struct.pack(">BBHI", head[20], 0,
                                             at | more, 7) + piece)
        else:
            yield (head[:16] + struct.pack(">HHH", len(piece) + 20, 7,
                                           at // 8 | more << 13)
                   + head[22:] + piece)


class Fragments(unittest.TestCase):
    """Are of what their datagram is of."""

    SIP = (b"INVITE sip:a@example.com SIP/2.0\r\nSubject: " + b"x" * 90
           + b"\r\n\r\n")

    def said(self, frames, *more, fields=("dpi.app", "dpi.host")):
        path = tshark.write("parts.pcapng", b"".join(
            [shb(), idb(), *[epb(f, T0 + n) for n, f in enumerate(frames)]]))
        return tshark.fields(path, *fields, more=more)

    def test_all_of_them(self):
        for ends in (("192.0.2.1", "203.0.113.1"),
                     ("2001:db8::1", "2001:db8::2")):
            frames = list(parts(datagram(*ends, self.SIP), 64))
            self.assertEqual(self.said(frames, "-2"),
                             [("SIP", "example.com")] * 3)
            self.assertEqual(self.said(frames[::-1], "-2"),
                             [("SIP", "example.com")] * 3)
            self.assertEqual(self.said(frames)[-1], ("SIP", "example.com"))

    def test_of_what_has_no_flow(self):
        ping = ip4("192.0.2.1", "203.0.113.1", 1, b"\x08\0\0\0\0\1\0\1"
                   + bytes(120))
        self.assertEqual(self.said(parts(ping, 64), "-2"),
                         [("ICMP", "")] * 2)

    def test_of_nothing_known(self):
        noise = datagram("192.0.2.1", "203.0.113.1", b"\x99" * 120)
        self.assertEqual(self.said(parts(noise, 64), "-2"), [("UDP", "")] * 2)

    def test_not_all_are_there(self):
        first = datagram("192.0.2.1", "203.0.113.1", self.SIP)
        self.assertEqual(self.said(list(parts(first, 64))[:2], "-2"),
                         [("IPv4", "")] * 2)


class Flows(unittest.TestCase):
    def test_a_flow_with_more_turns_than_are_kept(self):
        """No host is better than another packet's."""
        path = made(*[asked(dns(f"n{n}.example.com"))
                      for n in range(TURNS + 50)])
        rows = tshark.fields(path, "dpi.host", more=("-2",))
        self.assertEqual(rows, [(f"n{n}.example.com",) for n in range(TURNS)]
                         + [("",)] * 50)

    def test_answer_takes_the_place_of_its_question(self):
        path = made(asked(dns("www.example.com")),
                    asked(dns("www.example.com")),
                    answered(dns("www.example.com", ("www.example.com", WEB))),
                    asked(dns("gone.example.com")),
                    answered(dns("gone.example.com", rcode=3)))
        rows = tshark.fields(path, "dpi.detail", more=("-2",))
        self.assertEqual(rows, [("A 203.0.113.5",)] * 3
                         + [("A No such name",)] * 2)

    def test_error_about_a_flow_is_no_part_of_it(self):
        quoted = asked(dns("www.example.com"))[14:]
        error = ip4("192.0.2.1", "192.0.2.10", 1,
                    struct.pack(">BBHI", 3, 3, 0, 0) + quoted)
        rows = tshark.fields(made(error, CONNECT), "dpi.app",
                             "dpi.host", more=("-2",))
        self.assertEqual(rows, [("ICMP", ""), ("TCP", "")])

    def test_what_has_no_flow(self):
        arp = (b"\xff" * 6 + bytes(6) + b"\x08\x06" + struct.pack(
            ">HHBBH", 1, 0x0800, 6, 4, 1) + bytes(20))
        self.assertEqual(tshark.fields(made(arp), "dpi.app"), [("ARP",)])

    def test_a_port_used_again(self):
        """Another connection of the same ports is another flow."""
        flow = Flow("192.0.2.10", "203.0.113.5", dport=80)

        def request(host, seq):
            text = f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
            return [flow.out(2, seq=seq - 1), flow.back(18, seq - 1, seq),
                    flow.out(PSH | ACK, seq, seq, text),
                    flow.out(17, seq + len(text), seq),
                    flow.back(17, seq, seq + len(text) + 1)]

        path = made(*request("a.example.com", 1000),
                    *request("b.example.com", 900000))
        rows = tshark.fields(path, "dpi.host", more=("-2",))
        self.assertEqual(rows, [("a.example.com",)] * 5
                         + [("b.example.com",)] * 5)

    def answers(self, *messages):
        """The details of a connection of requests and answers."""
        flow = Flow("192.0.2.10", "203.0.113.5", dport=80)
        packets, sent = [flow.out(2, 0), flow.back(18, 0, 1)], {True: 1,
                                                               False: 1}
        for text in messages:
            out = text.startswith("GET")
            text = f"{text} HTTP/1.1\r\nHost: a\r\n\r\n" if out else (
                f"HTTP/1.1 {text} X\r\nContent-Length: 0\r\n\r\n")
            send = flow.out if out else flow.back
            packets.append(send(PSH | ACK, sent[out], sent[not out],
                                text.encode()))
            sent[out] += len(text)
        return [d for (d,) in tshark.fields(
            made(*packets), "dpi.detail", more=("-2",))][2:]

    def test_the_last_of_several_statuses(self):
        self.assertEqual(self.answers("GET /", "103", "200"),
                         ["GET / 200"] * 3)

    def test_status_after_a_long_text(self):
        long = "GET /" + "x" * 150
        self.assertEqual(self.answers(long, "404"), [f"{long} 404"] * 2)

    def test_no_answer_is_given_to_another_request(self):
        """Wireshark takes the first answer for the second's."""
        rows = self.answers("GET /a", "GET /b", "200", "404")
        self.assertEqual(rows, ["GET /a", *["GET /b"] * 3])

    def test_packets_are_looked_at_in_any_order_and_again(self):
        """In Wireshark, whose part sharkd plays; the file had been read
        before anybody asked for dpi.  A tap reads it again."""
        flow, at = Flow("192.0.2.10", "203.0.113.5", dport=80), 1
        packets = [flow.out(2, seq=0), flow.back(18, 0, 1)]
        answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        for n, host in enumerate("ab"):
            text = f"GET /{host} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
            back = 1 + n * len(answer)
            packets += [flow.out(PSH | ACK, at, back, text),
                        flow.back(PSH | ACK, back, at + len(text), answer)]
            at += len(text)
        columns = {"column0": "dpi.host:1", "column1": "dpi.detail:1"}
        asks = [("load", {"file": str(made(*packets))}),
                ("frames", columns),
                *[("tap", {"tap0": "conv:TCP"})] * 2]
        asks += [("frame", {"frame": n, "proto": True})
                 for n in (6, 3, 5, 4, 3, 6, 6)]
        sharkd = tshark.popen("sharkd", "-", stdin=subprocess.PIPE)
        out, _ = sharkd.communicate("".join(
            json.dumps({"jsonrpc": "2.0", "id": n, "method": what,
                        "params": how}) + "\n"
            for n, (what, how) in enumerate([*asks, ("frames", columns)], 1)),
            timeout=60)
        rows = [frame["c"] for frame in json.loads(
            [line for line in out.splitlines() if line.startswith("{")][-1])
            ["result"]]
        self.assertEqual(rows, [["a", "GET /a 200"]] * 4
                         + [["b", "GET /b 200"]] * 2)

    def test_a_host_is_written_in_one_way(self):
        flow = Flow("192.0.2.10", "203.0.113.5", dport=80)
        for host in ("WWW.Example.COM.:8080", "www.example.com.",
                     "www.example.com:80"):
            path = made(flow.out(PSH | ACK, 1, 1, "GET / HTTP/1.1\r\n"
                                 f"Host: {host}\r\n\r\n".encode()))
            self.assertEqual(tshark.fields(path, "dpi.host"),
                             [("www.example.com",)])

    def test_text_is_harmless(self):
        """Of whoever is at the other end, and as docs/fields.md says."""
        flow = Flow("192.0.2.10", "203.0.113.5", dport=80)
        path = made(flow.out(PSH | ACK, 1, 1, "GET /\u202eexe HTTP/1.1\r\n"
                             "Host: a\\b\u2028c:8080\r\n\r\n".encode()))
        (host, detail), = tshark.fields(path, "dpi.host", "dpi.detail")
        for text in (host, detail):
            self.assertNotIn("\u202e", text)
            self.assertNotIn("\u2028", text)

    def test_long_text_is_cut(self):
        flow = Flow("192.0.2.10", "203.0.113.5", dport=80)
        path = made(flow.out(PSH | ACK, 1, 1, b"GET /" + b"x" * 900
                             + b" HTTP/1.1\r\n\r\n"))
        self.assertEqual(tshark.fields(path, "dpi.detail"),
                         [("GET /" + "x" * 199 + "...",)])


if __name__ == "__main__":
    with Tshark(sys.argv.pop(1)) as tshark:
        unittest.main()
