# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the workloads play: namespaces, captures, and what a case is given.

L is one host and its loopback.  V is a router H between a client's host A
and a server's host B; H sees what is not its own, on its side of two veths.
"""
import socket
import subprocess
import time
from dataclasses import dataclass

import truth
import world
from world import Capture, Namespace

FALLBACK = ("setpriv", "--bounding-set", "-bpf,-sys_admin,-perfmon",
            "--inh-caps", "-bpf,-sys_admin,-perfmon")


@dataclass
class Host:
    name: str
    ns: Namespace
    addresses: dict         # of the main interface, by family

    @property
    def netns(self):
        return self.ns.name

    def sysctl(self, name, value):
        self.ns.run("sh", "-c", f"echo {value} > /proc/sys/{name}",
                    check=True)


def loopback():
    """L: a second address of each family keeps two raw sockets apart."""
    host = Host("L", Namespace(), {4: "127.0.0.1", 6: "::1"})
    host.ns.ip("link", "set", "lo", "multicast", "on")
    host.ns.ip("addr", "add", "127.0.0.2/8", "dev", "lo")
    host.ns.ip("addr", "add", "2001:db8::2/128", "dev", "lo")
    host.ns.ip("route", "add", "239.0.0.0/8", "dev", "lo")
    # Of another type loopback would refuse it.
    host.ns.ip("-6", "route", "add", "local", "ff05::/16", "dev", "lo")
    return {"L": host}


def routed():
    """V: A (192.0.2.2) - va H vb - (198.51.100.2) B."""
    a, h, b = (Host(n, Namespace(), {}) for n in "AHB")
    for host, near, v4, v6 in ((a, "va", "192.0.2", "2001:db8:a"),
                               (b, "vb", "198.51.100", "2001:db8:b")):
        subprocess.run(
            ["ip", "-n", h.netns, "link", "add", near, "type", "veth", "peer",
             "name", "veth0", "netns", host.netns], check=True)
        for ns, dev, last in ((h.ns, near, 1), (host.ns, "veth0", 2)):
            ns.ip("addr", "add", f"{v4}.{last}/24", "brd", "+", "dev", dev)
            ns.ip("addr", "add", f"{v6}::{last}/64", "dev", dev, "nodad")
            ns.ip("link", "set", dev, "up")
        host.ns.ip("route", "add", "default", "via", f"{v4}.1")
        host.ns.ip("-6", "route", "add", "default", "via", f"{v6}::1")
        host.addresses.update({4: f"{v4}.2", 6: f"{v6}::2"})
        host.ns.ip("route", "add", "239.0.0.0/8", "dev", "veth0")
    h.addresses.update({4: "192.0.2.1", 6: "2001:db8:a::1"})
    for name in ("net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding"):
        h.sysctl(name, 1)
    # What is injected with foreign addresses is routed on to B.
    h.ns.ip("route", "add", "203.0.113.0/24", "via", "198.51.100.2")
    h.ns.ip("-6", "route", "add", "2001:db8:f::/48", "via", "2001:db8:b::2")
    return {"A": a, "H": h, "B": b}


class Stage:
    """One environment and address family; what a case function is given."""

    def __init__(self, env, hosts, log, family, first_port, tool):
        self.env, self.hosts, self.log = env, hosts, log
        self.family = family
        self.af = socket.AF_INET if family == 4 else socket.AF_INET6
        self.next_port = first_port
        self.case = "-"
        self.tool = tool            # the compiled workload
        self.skips = []
        self.handles = []
        self.near = hosts.get("L") or hosts["A"]
        self.far = hosts.get("L") or hosts["B"]
        self.next_hop = hosts.get("L") or hosts["H"]
        self.loop = env == "L"

    @property
    def target(self):
        """The servers' address."""
        return self.far.addresses[self.family]

    @property
    def source(self):
        """The clients' address."""
        return self.near.addresses[self.family]

    def port(self):
        self.next_port += 1
        return self.next_port

    def spawn(self, host, name, function, *args, pid=None):
        handle = truth.spawn(self, host, name, function, *args, pid=pid)
        self.handles.append(handle)
        return handle

    def server(self, function, *args, name="server"):
        """Started on the servers' host; returns once it is ready."""
        handle = self.spawn(self.far, name, function, *args)
        handle.said = handle.ready()
        return handle

    def client(self, function, *args, name="client", pid=None):
        return self.spawn(self.near, name, function, *args, pid=pid)

    def skip(self, why):
        """Visibly: it gets a line in the table."""
        self.skips.append((self.case, why))

    def finish(self):
        """No workload outlives its case; the last packets are let go."""
        truth.pause(10)
        for handle in self.handles:
            handle.kill()
        self.handles.clear()


@dataclass
class Watch:
    """One running capture."""
    name: str
    env: str
    capture: Capture
    asked_ns: int           # sockets from before this existed before it
    ready_ns: int           # uses after this cannot be missed
    elsewhere: bool         # not in the namespaces of the ends
    host: str


def watch(directory, env, host, *interfaces, fallback=False, buffer=16):
    name = f"{host.name} {'+'.join(interfaces)}"
    path = directory / f"{env}-{name.replace(' ', '-')}.pcapng"
    asked = time.time_ns()
    argv = [a for i in interfaces for a in ("-i", i)]
    capture = Capture(path, *argv, "-B", str(buffer), within=host.ns,
                      wrap=FALLBACK if fallback else ())
    return Watch(name, env, capture, asked, time.time_ns(),
                 host.name == "H", host.name)


def watch_all(directory, env, hosts, fallback):
    if env == "L":
        places = [(hosts["L"], "lo"), (hosts["L"], "any")]
    else:
        places = [(hosts["A"], "veth0")]
        if not fallback:        # which knows no other namespace
            places += [(hosts["H"], "va", "vb"), (hosts["H"], "any")]
    return [watch(directory, env, *p, fallback=fallback) for p in places]


def close_all():
    """Any namespace of this process that a failure left behind."""
    names = world.run("ip", "netns", "list").stdout.split()
    for name in names:
        if name.startswith(f"pktwho{world.os.getpid()}n"):
            world.run("ip", "netns", "del", name)
