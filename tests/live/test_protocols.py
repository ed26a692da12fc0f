# SPDX-License-Identifier: GPL-3.0-or-later
"""Every packet of a real program says what is spoken, with whom, and who does.

Of the details only what all versions of the programs have in common.
"""
import re

import world
from protocols import CLIENT, SERVER, WORKLOADS, World, missing
from world import need, need_root

FIELDS = ("tcp.stream", "udp.stream", "ip.src", "proc.src.name",
          "proc.dst.name", "dpi.app", "dpi.host", "dpi.detail")
SSHD = "sshd|sshd-session|sshd-auth"    # the last two since OpenSSH 9.8
CIPHER = r"TLS_\w+"


class Protocols(world.LiveTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.hosts = cls.enterClassContext(World())

    def flows(self, name, *more):
        """The packets of each flow of a workload, the flows in order."""
        package = missing(WORKLOADS[name])
        if package:
            self.skipTest(f"no package {package}")
        path = self.dir / f"{name}.pcapng"
        self.said = self.hosts.record(WORKLOADS[name], path)
        rows = self.tshark.fields(path, *FIELDS,
                                  more=("-2", "-Y", "ip", *more))
        self.assertIn(f"pktwho: {len(rows)} packets, 0 dropped", self.said)
        flows = {}
        for tcp, udp, *packet in rows:
            flows.setdefault((tcp, udp), []).append(packet)
        return list(flows.values())

    def check(self, flow, client, server, app, *turns):
        """Patterns: programs, application, and one by one host and detail.

        A busy machine may let a program read a packet too late, of which it
        is not told then.
        """
        self.assertEqual({source for source, *_ in flow}, {CLIENT, SERVER},
                         self.said)
        for end in (1, 2):
            self.assertTrue(any(packet[end] for packet in flow), flow)
        client, server = f"({client})?", f"({server})?"
        turn = 0
        for packet in flow:
            source, *said = packet
            ends = (client, server) if source == CLIENT else (server, client)
            later = turns[turn + 1:turn + 2]
            if later and matches((*ends, app, *later[0]), said):
                turn += 1
            self.assertTrue(matches((*ends, app, *turns[turn]), said),
                            f"{packet} in {flow}\n{self.said}")
        self.assertEqual(turn, len(turns) - 1, f"{flow}\n{self.said}")

    def check_one(self, name, client, server, app, host="", detail="",
                  more=()):
        """A workload of one flow, which says the same from end to end."""
        flow, = self.flows(name, *more)
        self.check(flow, client, server, app, (host, detail))

    def test_dns(self):
        asked, web, *gone = self.flows("dns")
        self.check(asked, "curl", "dnsmasq", "DNS",
                   ("www.example.com", f"A {SERVER}"))
        self.check(web, "curl", "python3", "HTTP",
                   ("www.example.com", "GET / 200"))
        self.assertTrue(gone)
        for flow in gone:
            # curl asks for both types, and waits for neither.
            self.check(flow, "curl", "dnsmasq", "DNS",
                       ("nowhere.invalid", "((; )?A(AAA)? No such name)+"))

    def test_http(self):
        one, proxy = self.flows("http")
        self.check(one, "curl", "python3", "HTTP",
                   ("www.example.com", "GET /first 200"),
                   ("www.example.com", "GET /second 200"))
        self.check(proxy, "curl", "python3", "HTTP",
                   ("one.example.com", "GET http://one.example.com/1 200"),
                   ("two.example.com", "GET http://two.example.com/2 200"))

    def test_http_on_an_unusual_port(self):
        self.check_one("http-port", "curl", "python3", "HTTP",
                       "dev.example.com", "GET / 200")

    def test_http2_in_the_clear(self):
        # Wireshark has to be told, since the port says nothing.
        self.check_one("http2", "curl", "nghttpd", "HTTP/2",
                       "www.example.com", "GET /page 200",
                       more=("-d", "tcp.port==8082,http2"))

    def test_tls12(self):
        self.check_one("tls12", "curl", "nghttpd", "HTTP/2",
                       "old.example.com", f"TLS 1.2; {CIPHER}; ALPN h2")

    def test_tls13(self):
        self.check_one("tls13", "curl", "nghttpd", "HTTPS", "new.example.com",
                       f"TLS 1.3; {CIPHER}; ALPN h2 http/1.1 offered")

    def test_dns_over_tls(self):
        self.check_one("dot", "openssl", "openssl", "DNS over TLS",
                       "dns.example.com",
                       f"TLS 1.3; {CIPHER}; ALPN dot offered")

    def test_ssh(self):
        self.check_one("ssh", "ssh", SSHD, "SSH", "",
                       "client SSH-2.0-OpenSSH_.*; server SSH-2.0-OpenSSH_.*")

    def test_smtp(self):
        self.check_one("smtp", "curl", "aiosmtpd", "SMTP")

    def test_smtp_starttls(self):
        self.check_one("smtp-starttls", "curl", "aiosmtpd", "SMTP",
                       "mail.example.com", f"TLS 1.3; {CIPHER}")

    def test_postgresql(self):
        self.check_one("postgresql", "psql", "postgres", "PostgreSQL")

    def test_redis(self):
        self.check_one("redis", "redis-cli", "redis-server", "Redis")

    def test_quic(self):
        self.check_one("quic", "gtlsclient", "gtlsserver", "HTTP/3",
                       "quic.example.com",
                       f"TLS 1.3; {CIPHER}; ALPN h3 offered")


def matches(patterns, texts):
    """JA4, there from Wireshark 4.2 on, may follow whatever there is."""
    return all(re.fullmatch(pattern, text.split("; JA4 ")[0])
               for pattern, text in zip(patterns, texts, strict=True))


if __name__ == "__main__":
    need_root()
    need("openssl", "ss")
    world.main(verbosity=2)     # says what is skipped, and why
