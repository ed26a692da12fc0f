# SPDX-License-Identifier: GPL-3.0-or-later
"""Case 10: tunnels and VLAN tags, where the kernel has them."""
import shutil
import subprocess
import sysconfig
import tempfile
from pathlib import Path

from truth import pause

from . import case
from .parts import echo_server, slow_exchange

MULTIARCH = sysconfig.get_config_var("MULTIARCH")
TAGS = Path(__file__).resolve().parents[1] / "tags.bpf.c"
INNER = {4: ("10.42.0.1", "10.42.0.2"), 6: ("fd42::1", "fd42::2")}


def tunnel(s, kind, make):
    """A device at each end, an exchange through it, and gone again."""
    if s.loop:
        return
    ends = (s.near, s.far)
    for i, host in enumerate(ends):
        local, remote = host.addresses, ends[1 - i].addresses
        done = host.ns.run("ip", "link", "add", "inner", "type",
                           *make(local[s.family], remote[s.family]))
        if done.returncode:
            why = (done.stderr or "?").strip().splitlines()[0]
            s.skip(f"no {kind} in this kernel ({why})")
            return
        length = "/24" if s.family == 4 else "/64"
        host.ns.ip("addr", "add", INNER[s.family][i] + length, "dev", "inner",
                   *(["nodad"] if s.family == 6 else []))
        host.ns.ip("link", "set", "inner", "up")
    port = s.port()
    s.server(echo_server, s.af, port)
    for _ in range(3):
        s.client(slow_exchange, s.af, (INNER[s.family][1], port)).wait()
    s.finish()
    for host in ends:
        host.ns.ip("link", "del", "inner")


@case(10, "VXLAN")
def vxlan(s):
    """The outer datagram is the kernel's; the inner flow has its owner."""
    tunnel(s, "VXLAN", lambda local, remote: (
        "vxlan", "id", "42", "dstport", "4789", "local", local, "remote",
        remote))


@case(10, "GRE")
def gre(s):
    """The same with a header of its own."""
    six = s.family == 6
    tunnel(s, "GRE", lambda local, remote: (
        "ip6gre" if six else "gre", "local", local, "remote", remote))


@case(10, "IPIP")
def ipip(s):
    """The same without any header in between."""
    six = s.family == 6
    tunnel(s, "IPIP", lambda local, remote: (
        *(("ip6tnl", "mode", "ip6ip6") if six else ("ipip",)), "local", local,
        "remote", remote))


def tagged(s, section):
    """Tags pushed and popped on the veth between A and H by tc.

    No VLAN device is needed, so no module: what is on the wire has the tags.
    """
    if s.loop:
        return
    if not shutil.which("tc") or not shutil.which("clang"):
        s.skip("no tc or no clang")
        return
    ends = ((s.near, "veth0"), (s.next_hop, "va"))
    with tempfile.TemporaryDirectory() as where:
        program = f"{where}/tags.o"
        subprocess.run(["clang", "-O2", "-g", "-target", "bpf", "-c",
                        f"-I/usr/include/{MULTIARCH}",
                        str(TAGS), "-o", program], check=True)
        for host, device in ends:
            host.ns.run("tc", "qdisc", "add", "dev", device, "clsact",
                        check=True)
            for way, sec in (("egress", section), ("ingress", "tc/pop")):
                done = host.ns.run("tc", "filter", "add", "dev", device, way,
                                   "bpf", "da", "obj", program, "sec", sec)
                if done.returncode:
                    s.skip(done.stderr.strip().splitlines()[-1])
                    return
    port = s.port()
    s.server(echo_server, s.af, port)
    for _ in range(3):
        s.client(slow_exchange, s.af, (s.target, port)).wait()
    pause(20)
    for host, device in ends:
        host.ns.run("tc", "qdisc", "del", "dev", device, "clsact", check=True)


@case(10, "VLAN")
def vlan(s):
    """One 802.1Q tag."""
    tagged(s, "tc/push")


@case(10, "QinQ")
def qinq(s):
    """802.1ad around 802.1Q."""
    tagged(s, "tc/push2")
