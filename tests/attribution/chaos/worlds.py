# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the programs play, and where the capture listens."""
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parents[1] / "live")]

import stage  # noqa: E402

GROUP = {4: "239.1.2.3", 6: "ff05::123"}


@dataclass
class World:
    name: str
    spaces: dict                # of the actors: "a" -> stage.Host
    ips: dict                   # (host, family) -> addresses
    watch: object               # the stage.Host that captures
    interfaces: tuple
    devices: dict               # host -> the interface to bind to
    owned: list = field(default_factory=list)
    group = GROUP

    @property
    def hosts(self):
        return list(self.spaces)

    def addresses(self, host, family):
        return self.ips[host, family]

    def device(self, host):
        return self.devices[host]

    def reaches(self, _near, _far):
        return True

    def must_name(self, ip):
        """Is it an address of the capture's own namespace?"""
        return any(ip in ips for (host, _), ips in self.ips.items()
                   if self.spaces[host] is self.watch)

    @property
    def environment(self):
        return os.environ | {f"CHAOS_NETNS_{name}": host.netns
                             for name, host in self.spaces.items()}

    def close(self):
        for host in self.owned:
            host.ns.close()


def local(name, *interfaces):
    hosts = stage.loopback()
    host = hosts["L"]
    # No program's own ports.
    host.sysctl("net/ipv4/ip_local_port_range", "'40000 60000'")
    host.sysctl("net/ipv4/ping_group_range", "'0 2147483647'")
    return World(name, {"a": host}, {("a", 4): ["127.0.0.1", "127.0.0.2"],
                                     ("a", 6): ["::1", "2001:db8::2"]},
                 host, interfaces, {"a": "lo"}, [host])


def cable(name, watch, *interfaces):
    hosts = stage.routed()
    for host in hosts.values():
        host.sysctl("net/ipv4/ip_local_port_range", "'40000 60000'")
        host.sysctl("net/ipv4/ping_group_range", "'0 2147483647'")
    ends = {"a": hosts["A"], "b": hosts["B"]}
    return World(name, ends,
                 {(n, f): [h.addresses[f]] for n, h in ends.items()
                  for f in (4, 6)},
                 hosts[watch], interfaces, dict.fromkeys(ends, "veth0"),
                 list(hosts.values()))


WORLDS = {
    "lo": lambda: local("lo", "lo"),
    "any": lambda: local("any", "any"),
    "veth": lambda: cable("veth", "A", "veth0"),
    "router": lambda: cable("router", "H", "any"),
}
