# SPDX-License-Identifier: GPL-3.0-or-later
"""PCAPNG and pktwho's payloads, written and read independently.

Written from the file format alone, sharing no code with common/: the tests
make their inputs with it and judge with it what our C writer wrote.  Values
are what the file holds; nothing is interpreted or repaired.
"""
import struct
from dataclasses import dataclass, field

SHB, IDB, EPB, ISB, CB = 0x0A0D0D0A, 1, 6, 5, 0x0BAD
OPT_COMMENT, OPT_CUSTOM_BIN = 1, 2989
PEN = 32473
ATTRIBUTION, PROCESS, TABLE, RECEIVER = 1, 2, 3, 4

ATTRS = ["", "socket", "listener", "scan", "flow", "kernel", "forwarded",
         "unknown", "import", "accepted", "holder"]
REASONS = ["", "reset", "time-wait", "icmp", "no-socket", "not-ip", "lost",
           "malformed", "before", "fragment", "ambiguous", "not-delivered",
           "kernel-socket"]
DIRECTIONS = ["unknown", "in", "out", "local", "forwarded"]
FLAGS = ["exe_deleted", "exe_memfd", "exe_world_writable",
         "exepath_truncated", "cmdline_truncated", "cmdline_withheld",
         "forked", "exited", "cmdline_masked", "exe_user_mount"]

# A process record's fields, in the order of their type numbers from 1;
# a number is the size of an integer, None is a string of bytes.
FIELDS = [("id", 8), ("pid", 4), ("ppid", 4), ("start", 8), ("name", None),
          ("exepath", None), ("cmdline", None), ("uid", 4), ("gid", 4),
          ("user", None), ("vpid", 4), ("loginuid", 4), ("pname", None),
          ("cgroup", None), ("container_id", None), ("container_name", None),
          ("container_runtime", None), ("pod_uid", None), ("unit", None),
          ("netns", 8), ("flags", 4), ("sha256", None), ("packets", 8),
          ("bytes", 8), ("first_seen", 8), ("last_seen", 8),
          ("exit_status", 4), ("container_image", None), ("pod_name", None),
          ("pod_namespace", None), ("host", None), ("apid", None),
          ("aname", None), ("aexe", None), ("sha256_reason", 4),
          ("cwd", None), ("script", None), ("tty", None),
          ("session_id", None), ("session_address", None)]
TYPES = {name: (number, size)
         for number, (name, size) in enumerate(FIELDS, 1)}


def pad(data):
    return data + bytes(-len(data) % 4)


# Writing.

def block(kind, body):
    size = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + size + body + size


def option(code, value):
    return pad(struct.pack("<HH", code, len(value)) + value)


def options(*many):
    return b"".join(many) + bytes(4) if many else b""


def custom_option(payload, pen=PEN):
    return option(OPT_CUSTOM_BIN, struct.pack("<I", pen) + payload)


def shb(*opts):
    return block(SHB, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)
                 + options(*opts))


def idb(linktype=1, name="eth0", snaplen=262144):
    return block(IDB, struct.pack("<HHI", linktype, 0, snaplen) + options(
        option(2, name.encode()), option(9, b"\x09")))


def epb(data, ts_ns, *opts, iface=0, wire_len=None):
    head = struct.pack("<IIIII", iface, ts_ns >> 32, ts_ns & 0xFFFFFFFF,
                       len(data), wire_len or len(data))
    return block(EPB, head + pad(data) + options(*opts))


def file_of(ts_ns, packets):
    """A file of frames, or pairs of a frame and its attribution."""
    written = []
    for n, p in enumerate(packets):
        frame, *own = p if isinstance(p, tuple) else (p,)
        written.append(epb(frame, ts_ns + n * 10**6, *map(custom_option, own)))
    return b"".join([shb(), idb(), *written])


def custom_block(payload, pen=PEN, *opts):
    return block(CB, struct.pack("<I", pen) + pad(payload) + options(*opts))


@dataclass
class End:
    """One end of a packet; it names a process if pid is not None."""
    pid: int = None
    id: int = 0
    name: bytes = b""
    attr: str = ""
    reason: str = ""
    country: str = ""


def varint(v):
    low = v & 0x7F
    return bytes([low | 0x80]) + varint(v >> 7) if v > 0x7F else bytes([low])


def attribution(direction="unknown", src=End(), dst=End(), version=2):
    if version == 1:
        return attribution_1(direction, src, dst)
    reasons = [REASONS.index(end.reason) for end in (src, dst)]
    named = [end for end in (src, dst) if end.pid is not None]
    return b"".join((
        b"PW", bytes((
            ATTRIBUTION, version,
            DIRECTIONS.index(direction) | (src.pid is not None) << 3
            | (dst.pid is not None) << 4 | bool(src.country) << 5
            | bool(dst.country) << 6 | any(reasons) << 7,
            ATTRS.index(src.attr) | ATTRS.index(dst.attr) << 4)),
        bytes((reasons[0] | reasons[1] << 4,)) if any(reasons) else b"",
        src.country.encode(), dst.country.encode(),
        *(varint(end.pid) + struct.pack("<Q", end.id)
          + (bytes((len(end.name),)) if n + 1 < len(named) else b"")
          + end.name for n, end in enumerate(named))))


def attribution_1(direction="unknown", src=End(), dst=End()):
    head = struct.pack(
        "<2sBBBBBBBBBB2s2s", b"PW", ATTRIBUTION, 1, 16, 28,
        DIRECTIONS.index(direction),
        (src.pid is not None) | (dst.pid is not None) << 1,
        ATTRS.index(src.attr), REASONS.index(src.reason),
        ATTRS.index(dst.attr), REASONS.index(dst.reason),
        src.country.encode(), dst.country.encode())
    for end in (src, dst):
        if end.pid is not None:
            head += struct.pack("<IQ16s", end.pid, end.id, end.name)
    return head


def receiver(end):
    """Who else received a packet."""
    return (b"PW" + bytes((RECEIVER, 1, ATTRS.index(end.attr)))
            + varint(end.pid) + struct.pack("<Q", end.id) + end.name)


def process_field(number, value):
    return pad(struct.pack("<HH", number, len(value)) + value)


def process(version=1, extra=b"", **values):
    """A process record; *extra* is appended as it is, within its length."""
    body = b""
    for name, value in values.items():
        number, size = TYPES[name]
        if size:
            value = value.to_bytes(size, "little")
        body += process_field(number, value)
    body += extra
    return struct.pack("<2sBBI", b"PW", PROCESS, version,
                       len(body) + 8) + body


def table(*records, count=None, length=None, version=1):
    body = b"".join(records)
    return struct.pack("<2sBBII", b"PW", TABLE, version,
                       len(body) if length is None else length,
                       len(records) if count is None else count) + body


# Reading.

class Malformed(Exception):
    pass


@dataclass
class Block:
    kind: int
    body: bytes
    order: str                  # "<" or ">", its section's byte order
    offset: int                 # in the file
    options: list = field(default_factory=list)     # (code, value)
    data: bytes = b""           # of a packet, or of a custom block
    ts_ns: int = None           # as written: the unit is the interface's
    iface: int = None
    wire_len: int = None
    pen: int = None

    def payloads(self):
        """Ours among the custom options or in the custom block."""
        if self.kind == CB:
            return [self.data] if self.pen == PEN else []
        return [value[4:] for code, value in self.options
                if code == OPT_CUSTOM_BIN
                and value[:4] == struct.pack(self.order + "I", PEN)]

    def comments(self):
        return [value.decode() for code, value in self.options
                if code == OPT_COMMENT]


def read_options(data, order):
    found = []
    while data:
        if len(data) < 4:
            raise Malformed("options end within a header")
        code, size = struct.unpack_from(order + "HH", data)
        if code == 0:
            if size or len(data) != 4:
                raise Malformed("opt_endofopt is not the end")
            return found
        if len(data) < 4 + size + (-size % 4):
            raise Malformed("an option passes the end of its block")
        found.append((code, data[4:4 + size]))
        data = data[4 + size + (-size % 4):]
    return found


def _fill(b):
    """Splits a block's body by its kind."""
    if b.kind == SHB:
        b.options = read_options(b.body[16:], b.order)
    elif b.kind == IDB:
        b.options = read_options(b.body[8:], b.order)
    elif b.kind == ISB:
        b.iface = struct.unpack_from(b.order + "I", b.body)[0]
        b.options = read_options(b.body[12:], b.order)
    elif b.kind == CB:
        b.pen = struct.unpack_from(b.order + "I", b.body)[0]
        b.data = b.body[4:]
    elif b.kind == EPB:
        b.iface, high, low, caplen, b.wire_len = struct.unpack_from(
            b.order + "IIIII", b.body)
        if 20 + caplen > len(b.body):
            raise Malformed("a packet passes the end of its block")
        b.ts_ns = high << 32 | low
        b.data = b.body[20:20 + caplen]
        b.options = read_options(b.body[20 + caplen + (-caplen % 4):],
                                 b.order)
    return b


def blocks(data):
    """Every block of a file's bytes; raises Malformed where it breaks."""
    found, offset, order = [], 0, "<"
    while offset < len(data):
        if len(data) - offset < 12:
            raise Malformed(f"cut short at byte {offset}")
        if data[offset:offset + 4] == b"\x0a\x0d\x0d\x0a":
            order = "<" if data[offset + 8] == 0x4D else ">"
        kind, size = struct.unpack_from(order + "II", data, offset)
        if size < 12 or size % 4 or offset + size > len(data):
            raise Malformed(f"bad length of the block at byte {offset}")
        if struct.unpack_from(order + "I", data, offset + size - 4)[0] != size:
            raise Malformed(f"two lengths of the block at byte {offset}")
        found.append(_fill(Block(kind, data[offset + 8:offset + size - 4],
                                 order, offset)))
        offset += size
    return found


def count_packets(path):
    """In a file that is still written, whose last block may be half there."""
    data, offset, count = path.read_bytes(), 0, 0
    while offset + 8 <= len(data):
        kind, size = struct.unpack_from("=II", data, offset)
        offset += max(size, 12)
        count += kind == EPB and offset <= len(data)
    return count


def header(payload, kind):
    if payload[:2] != b"PW" or len(payload) < 4:
        raise Malformed("no signature")
    if payload[2] != kind or not payload[3] or \
            payload[3] > (2 if kind == ATTRIBUTION else 1):
        raise Malformed(f"kind {payload[2]}, version {payload[3]}")


def read_attribution(payload):
    """(direction, src, dst), two of them End."""
    header(payload, ATTRIBUTION)
    if payload[3] == 1:
        return read_attribution_1(payload)
    shape, how = payload[4:6]
    rest = payload[6:]
    why = rest[0] if shape & 0x80 else 0
    rest = rest[1:] if shape & 0x80 else rest
    ends = [End(attr=ATTRS[how & 15], reason=REASONS[why & 15]),
            End(attr=ATTRS[how >> 4], reason=REASONS[why >> 4])]
    for bit, end in zip((0x20, 0x40), ends):
        if shape & bit:
            end.country, rest = rest[:2].decode(), rest[2:]
    for bit, end in zip((8, 16), ends):
        if not shape & bit:
            continue
        end.pid, end.id, rest = read_process_ids(rest)
        if bit == 8 and shape & 16:
            end.name, rest = rest[1:1 + rest[0]], rest[1 + rest[0]:]
        else:
            end.name = rest
    return DIRECTIONS[shape & 7], *ends


def read_process_ids(data):
    """(pid, process id, what follows)."""
    size = next(n for n, byte in enumerate(data, 1) if byte < 0x80)
    pid = sum((byte & 0x7F) << 7 * n for n, byte in enumerate(data[:size]))
    return pid, struct.unpack_from("<Q", data, size)[0], data[size + 8:]


def read_receiver(payload):
    header(payload, RECEIVER)
    pid, number, name = read_process_ids(payload[5:])
    return End(pid, number, name, ATTRS[payload[4]])


def read_attribution_1(payload):
    (head_len, end_len, direction, ends, src_attr, src_reason, dst_attr,
     dst_reason, src_cc, dst_cc) = struct.unpack_from("<8B2s2s", payload, 4)
    src = End(attr=ATTRS[src_attr], reason=REASONS[src_reason],
              country=src_cc.rstrip(b"\0").decode())
    dst = End(attr=ATTRS[dst_attr], reason=REASONS[dst_reason],
              country=dst_cc.rstrip(b"\0").decode())
    offset = head_len
    for bit, end in ((1, src), (2, dst)):
        if ends & bit:
            end.pid, end.id, name = struct.unpack_from("<IQ16s", payload,
                                                       offset)
            end.name = name.split(b"\0")[0]
            offset += end_len
    return DIRECTIONS[direction], src, dst


def read_process(payload):
    """The record at the start, as a dict, and its length."""
    header(payload, PROCESS)
    length = struct.unpack_from("<I", payload, 4)[0]
    if length < 8 or length % 4 or length > len(payload):
        raise Malformed("length of a process record")
    values, offset = {}, 8
    while offset < length:
        number, size = struct.unpack_from("<HH", payload, offset)
        value = payload[offset + 4:offset + 4 + size]
        offset += 4 + size + (-size % 4)
        if offset > length:
            raise Malformed("a field passes the end of its record")
        if 1 <= number <= len(FIELDS):
            name, width = FIELDS[number - 1]
            if width and width != size:
                raise Malformed(f"size of {name}")
            values[name] = int.from_bytes(value, "little") if width else value
    return values, length


def read_table(payload):
    """Its records, as dicts."""
    header(payload, TABLE)
    length, count = struct.unpack_from("<II", payload, 4)
    rest, found = payload[12:12 + length], []
    if len(rest) != length:
        raise Malformed("length of a process table")
    while rest:
        values, size = read_process(rest)
        found.append(values)
        rest = rest[size:]
    if len(found) != count:
        raise Malformed("count of a process table")
    return found
