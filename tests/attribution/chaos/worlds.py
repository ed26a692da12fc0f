# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the programs play, and where the capture listens."""
import os
import subprocess
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
    devices: dict               # host -> {device: its addresses}
    watch: object               # the stage.Host that captures
    interfaces: tuple
    owned: list                 # of stage.Host
    apart: bool = False         # the hosts do not reach each other
    translates: bool = False    # a port may be another on the way
    helpers: list = field(default_factory=list)     # processes
    group = GROUP

    @property
    def hosts(self):
        return list(self.spaces)

    def addresses(self, host, family):
        return [ip for ips in self.devices[host].values() for ip in ips
                if (":" in ip) == (family == 6)]

    def reaches(self, near, far):
        return near == far or not self.apart

    def must_name(self, ip):
        """Is it an address of the capture's own namespace?"""
        return any(ip in ips for host, devices in self.devices.items()
                   if self.spaces[host] is self.watch
                   for ips in devices.values())

    @property
    def environment(self):
        return os.environ | {f"CHAOS_NETNS_{name}": host.netns
                             for name, host in self.spaces.items()}

    def close(self):
        for process in self.helpers:
            process.kill()
            process.wait()
        for host in self.owned:
            host.ns.close()


def prepare(hosts):
    for host in hosts:
        # No program's own ports.
        host.sysctl("net/ipv4/ip_local_port_range", "'40000 60000'")
        host.sysctl("net/ipv4/ping_group_range", "'0 2147483647'")


def local(name, *interfaces):
    host = stage.loopback()["L"]
    prepare([host])
    return World(name, {"a": host}, {"a": {"lo": [
        "127.0.0.1", "127.0.0.2", "::1", "2001:db8::2"]}},
        host, interfaces, [host])


def cable(name, watch, *interfaces):
    """Two hosts with a router between them."""
    hosts = stage.routed()
    prepare(hosts.values())
    ends = {"a": hosts["A"], "b": hosts["B"]}
    return World(name, ends, {n: {"veth0": list(h.addresses.values())}
                              for n, h in ends.items()},
                 hosts[watch], interfaces, list(hosts.values()))


def rules(host, text):
    done = host.ns.run("nft", "-f", "-", input=text)
    if done.returncode:
        raise RuntimeError(done.stderr)


def cables():
    """Two more between the hosts, with the same addresses: only the device
    tells sockets apart."""
    w = cable("cables", "B", "any")
    a, b = w.spaces["a"].ns, w.spaces["b"].ns
    for device in ("veth1", "veth2"):
        a.ip("link", "add", device, "type", "veth", "peer", "name", device,
             "netns", b.name)
        for name, ns, last in (("a", a, 1), ("b", b, 2)):
            ips = [f"203.0.113.{last}", f"2001:db8:c::{last}"]
            ns.ip("addr", "add", f"{ips[0]}/24", "dev", device)
            ns.ip("addr", "add", f"{ips[1]}/64", "dev", device, "nodad")
            ns.ip("link", "set", device, "up")
            w.devices[name][device] = ips
    for host in w.spaces.values():
        for name in ("all", "veth1", "veth2"):
            host.sysctl(f"net/ipv4/conf/{name}/rp_filter", 0)
        del w.devices[host.name.lower()]["veth0"]
    return w


def drops():
    """The local firewall drops a third, some on the way out, some in."""
    w = local("drops", "lo")
    rules(w.watch, """table inet chaos {
        chain o { type filter hook output priority 0;
            numgen random mod 6 == 0 drop; }
        chain i { type filter hook input priority 0;
            numgen random mod 6 == 0 drop;
        }
        }""")
    return w


def translated():
    """What is sent to an address of nobody's arrives here; also its source
    is another."""
    w = local("nat", "lo")
    for ip in ("127.0.0.9", "2001:db8::9"):
        w.watch.ns.ip("route", "add", "local", ip, "dev", "lo")
        w.devices["a"]["lo"].append(ip)
    rules(w.watch, """table ip chaos {
        chain o { type nat hook output priority -100;
            ip daddr 127.0.0.9 dnat to 127.0.0.1; }
        chain p { type nat hook postrouting priority 100;
            ip daddr 127.0.0.2 snat to 127.0.0.3;
        }
        }""")
    w.translates = True
    return w


def masqueraded():
    """The router hides one host from the other."""
    w = cable("masquerade", "H", "any")
    rules(w.watch, """table ip chaos {
        chain p { type nat hook postrouting priority 100;
            oifname "vb" masquerade;
        }
        }""")
    w.translates = True
    return w


def queued():
    """Every packet leaves in the context of an application firewall."""
    w = local("nfqueue", "lo")
    helper = subprocess.Popen(
        w.watch.ns.argv(sys.executable, HERE / "firewall.py", 7),
        stdout=subprocess.PIPE)
    w.helpers.append(helper)
    helper.stdout.readline()
    for tool in ("iptables-legacy", "ip6tables-legacy"):
        w.watch.ns.run(tool, "-A", "OUTPUT", "-j", "NFQUEUE", "--queue-num",
                       "7", check=True)
    return w


def tunnelled():
    """VXLAN on the port that Linux takes by itself."""
    w = cable("vxlan", "A", "veth0")
    for name, far, last in (("a", "b", 1), ("b", "a", 2)):
        near, far = (w.spaces[n].addresses[4] for n in (name, far))
        ns, ips = w.spaces[name].ns, [f"198.18.0.{last}", f"2001:db8:d::{last}"]
        ns.ip("link", "add", "vx0", "type", "vxlan", "id", "5", "local", near,
              "remote", far, "dstport", "8472")
        ns.ip("addr", "add", f"{ips[0]}/24", "dev", "vx0")
        ns.ip("addr", "add", f"{ips[1]}/64", "dev", "vx0", "nodad")
        ns.ip("link", "set", "vx0", "up")
        w.devices[name] = {"vx0": ips}
    return w


def impostor():
    """A namespace of somebody's own with the addresses of this host."""
    w = local("impostor", "lo")
    other = stage.loopback()["L"]
    prepare([other])
    w.spaces["c"], w.devices["c"] = other, w.devices["a"]
    w.owned.append(other)
    w.apart = True
    return w


WORLDS = {
    "lo": lambda: local("lo", "lo"),
    "any": lambda: local("any", "any"),
    "veth": lambda: cable("veth", "A", "veth0"),
    "router": lambda: cable("router", "H", "any"),
    "cables": cables,
    "drops": drops,
    "nat": translated,
    "masquerade": masqueraded,
    "nfqueue": queued,
    "vxlan": tunnelled,
    "impostor": impostor,
}
