#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""CPU of tshark with our plugin, beside the same without it.

  tests/bench/plugin.py [PLUGIN] [PACKETS] [ROUNDS]

A generated file: the samples of tests/data/dpi over and over, each time with
another client, and between them bulk data, with their attribution and
comments as the capture tool writes them.  The runs of a pair take turns;
printed are the least CPU seconds of each and their ratio.  Last, how memory
grows per flow.
"""
import os
import struct
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "plugin")]

import pcapng  # noqa: E402
from frames import ACK, PSH, Flow  # noqa: E402
from harness import Tshark  # noqa: E402

PLUGIN = Path(sys.argv[1] if len(sys.argv) > 1 else "build/plugin/pktwho.so")
PACKETS = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
ROUNDS = int(sys.argv[3]) if len(sys.argv) > 3 else 5
CLIENT = bytes([192, 0, 2, 10])
BULK = 400

SUMMARY = ["-q", "-z", "io,stat,0"]
# What, its limit, arguments without the plugin, arguments with it.
PAIRS = [
    ("summary", 1.03, SUMMARY, SUMMARY),
    ("proc.name", 1.05, ["-q", "-Y", 'frame.comment contains "curl"'],
     ["-q", "-Y", 'proc.name == "curl"']),
    ("dpi.host", 1.15, ["-q", "-Y", "tls.handshake.extensions_server_name"],
     ["-q", "-Y", "dpi.host"]),
]


def is_process(option):
    code, value = option
    return (code == pcapng.OPT_CUSTOM_BIN and value[4:6] == b"PW"
            and value[6] == pcapng.PROCESS)


def sample_packets():
    """(bytes of the frame, options of the block, its process records)."""
    packets = []
    for path in sorted((TESTS / "data/dpi").glob("*.pcapng")):
        for b in pcapng.blocks(path.read_bytes()):
            if b.kind != pcapng.EPB:
                continue
            keep = [o for o in b.options if not is_process(o)]
            records = [o for o in b.options if is_process(o)]
            packets.append((b.data, keep, records))
    return packets


def bulk_packets():
    """One connection that downloads, with a process that nobody looks for."""
    end = pcapng.End(pid=4711, id=4711, name=b"backup", attr="socket")
    owner = [(pcapng.OPT_CUSTOM_BIN, struct.pack("<I", pcapng.PEN)
              + pcapng.attribution("in", dst=end)),
             (pcapng.OPT_COMMENT, b"dst=backup[4711] dst.attr=socket"
              b" dst.user=root dst.exe=/usr/bin/backup")]
    flow, packets = Flow("192.0.2.10", "192.0.2.99", dport=8730), []
    for n in range(BULK // 2):
        packets.append((flow.back(PSH | ACK, seq=1 + n * 1000, ack=1,
                                  payload=bytes([n % 251]) * 1000), owner, []))
        packets.append((flow.out(ACK, seq=1, ack=1 + (n + 1) * 1000),
                        owner, []))
    return packets


def flow_of(frame):
    """What makes a flow, of TCP or UDP on IPv4, or None."""
    if frame[12:14] != b"\x08\x00" or frame[23] not in (6, 17):
        return None
    ends = ((frame[26:30], frame[34:36]), (frame[30:34], frame[36:38]))
    return frame[23], *sorted(ends)


def options(pairs):
    return b"".join(pcapng.option(*p) for p in pairs) + bytes(4)


def generate(path):
    template = [(frame, options(keep), options(keep + records),
                 [at for at in (26, 30) if frame[12:14] == b"\x08\x00"
                  and frame[at:at + 4] == CLIENT])
                for frame, keep, records in sample_packets() + bulk_packets()]
    written, copy, ns = 0, 0, 1_700_000_000_000_000_000
    with open(path, "wb") as out:
        out.write(pcapng.shb() + pcapng.idb())
        while written < PACKETS:
            client = struct.pack(">I", (10 << 24) + copy + 1)
            for frame, short, full, places in template:
                data = bytearray(frame)
                for at in places:
                    data[at:at + 4] = client
                ns += 50_000
                head = struct.pack("<IIIII", 0, ns >> 32, ns & 0xFFFFFFFF,
                                   len(data), len(data))
                out.write(pcapng.block(pcapng.EPB, head + pcapng.pad(
                    bytes(data)) + (short if copy else full)))
            written += len(template)
            copy += 1
    path.chmod(0o644)
    flows = len({flow_of(frame) for frame, *_ in template} - {None})
    print(f"{written} packets, {copy} times {len(template)},"
          f" {path.stat().st_size >> 20} MB, {copy * flows} flows")
    return copy * flows


def cpu(tshark, path, args):
    """(CPU seconds, peak memory in MB, lines of output)."""
    process = tshark.popen("tshark", "-r", path, *args)
    lines = sum(1 for _ in process.stdout)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = status
    assert status == 0, process.stderr.read()
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, lines


def main():
    ours, bare = Tshark(PLUGIN), Tshark(PLUGIN)
    for plugin in bare.dir.glob("plugins/*/epan/pktwho.so"):
        plugin.unlink()
    path = ours.dir / "bench.pcapng"
    flows = generate(path)
    rounds = {(what, who): [] for what, *_ in PAIRS for who in (0, 1)}
    for _ in range(ROUNDS):
        for what, _, without, with_it in PAIRS:
            rounds[what, 0].append(cpu(bare, path, without))
            rounds[what, 1].append(cpu(ours, path, with_it))
    print(f"{'':12}{'without':>10}{'with':>8}{'ratio':>8}{'limit':>8}"
          f"{'MB':>8}{'MB':>6}{'lines':>9}{'lines':>8}")
    for what, limit, *_ in PAIRS:
        (a, ma, la), (b, mb, lb) = (min(rounds[what, who]) for who in (0, 1))
        print(f"{what:12}{a:10.2f}{b:8.2f}{b / a:8.3f}{limit:8.2f}"
              f"{ma:8.0f}{mb:6.0f}{la:9}{lb:8}")
    print(f"dpi keeps {(mb - ma) * 2**20 / flows:.0f} bytes per flow")
    ours.close()
    bare.close()


if __name__ == "__main__":
    main()
