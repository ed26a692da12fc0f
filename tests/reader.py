# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints the owners of all packets of files of pktwho.

Written from docs/file-format.md alone, as an example and to prove that page:
tests/plugin/test_reader.py compares it with the plugin.

  python3 tests/reader.py FILE
"""
import struct
import sys
import time
import unicodedata

PEN = 32473
HOW = ("", "socket", "listener", "scan", "flow", "kernel", "forwarded",
       "unknown", "import", "accepted", "holder")
WHY = ("", "reset", "time-wait", "icmp", "no-socket", "not-ip", "lost",
       "malformed", "before", "fragment", "ambiguous", "not-delivered",
       "kernel-socket")
DIRECTION = ("unknown", "in", "out", "local", "forwarded")
# Process record, by type: its name, and the size of an integer or hash.
FIELDS = dict(enumerate((
    ("id", 8), ("pid", 4), ("ppid", 4), ("start", 8), ("name", 0),
    ("exepath", 0), ("cmdline", 0), ("uid", 4), ("gid", 4), ("user", 0),
    ("vpid", 4), ("loginuid", 4), ("pname", 0), ("cgroup", 0),
    ("container.id", 0), ("container.name", 0), ("container.runtime", 0),
    ("pod.uid", 0), ("unit", 0), ("netns", 8), ("flags", 4), ("sha256", 32),
    ("packets", 8), ("bytes", 8), ("first_seen", 8), ("last_seen", 8),
    ("exit_status", 4), ("container.image", 0), ("pod.name", 0),
    ("pod.namespace", 0), ("host", 0), ("apid", 0), ("aname", 0),
    ("aexe", 0), ("sha256_reason", 4), ("cwd", 0), ("script", 0), ("tty", 0),
    ("session.id", 0), ("session.address", 0)), 1))
NO_HASH = ("", "gone", "changed", "large", "unreadable", "late", "no-file")
TIMES = ("start", "first_seen", "last_seen")
HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")     # Cs: was no UTF-8


def options(data, order):
    while len(data) >= 4:
        code, size = struct.unpack_from(order + "HH", data)
        if not code:
            return
        yield code, data[4:4 + size]
        data = data[4 + size + -size % 4:]


def escaped(value):
    """A process's own bytes, of which none reaches a terminal as they are."""
    shown = ""
    for char in value.decode(errors="surrogateescape"):
        if unicodedata.category(char) in HIDDEN:
            char = "".join(f"\\x{byte:02x}" for byte in
                           char.encode(errors="surrogateescape"))
        shown += "\\\\" if char == "\\" else char
    return shown


def texts(name, value):
    """All but the processes before it have one text."""
    if name == "apid":
        return [str(int.from_bytes(value[at:at + 4], "little"))
                for at in range(0, len(value) - 3, 4)]
    if name in ("aname", "aexe"):
        return [escaped(one) for one in value.split(b"\0")]
    if name == "cmdline":
        return [" ".join(map(escaped, value.removesuffix(b"\0").split(b"\0")))]
    return [text(name, value)]


def text(name, value):
    if name == "id":
        return f"0x{value:016x}"
    if name == "sha256":
        return value.hex()
    if name == "sha256_reason":
        return NO_HASH[value]
    if name in TIMES:
        seconds, ns = divmod(value, 10**9)
        return time.strftime("%b %e, %Y %H:%M:%S",
                             time.gmtime(seconds)) + f".{ns:09} UTC"
    if name == "flags":
        return f"0x{value:08x}"
    return escaped(value) if isinstance(value, bytes) else str(value)


def process(data):
    """The record at the start of *data*, and what follows it."""
    length, = struct.unpack_from("<I", data, 4)
    if not 8 <= length <= min(8192, len(data)) or length % 4:
        raise ValueError("record length")
    found, at = {}, 8
    while at < length:
        kind, size = struct.unpack_from("<HH", data, at)
        value = data[at + 4:at + 4 + size]
        at += 4 + size + -size % 4
        name, width = FIELDS.get(kind, ("", 0))
        if at > length or width and width != size:
            raise ValueError("field")
        if name:
            found[name] = (value if not width or width == 32
                           else int.from_bytes(value, "little"))
    return found, data[length:]


def varint(data):
    """The number, and what follows it."""
    number = shift = 0
    for at, byte in enumerate(data[:5]):
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80 and number < 2**32:
            return number, data[at + 1:]
    raise ValueError("pid")


def is_country(value):
    return len(value) == 2 and value.isalpha() and value.isupper()


def attribution(data):
    """The direction and both ends."""
    if data[3] == 1:
        return attribution_1(data)
    shape, how, rest, why = data[4], data[5], data[6:], 0
    if shape & 128:
        why, rest = rest[0], rest[1:]
    ends = [{"attr": HOW[how & 15], "reason": WHY[why & 15], "country": ""},
            {"attr": HOW[how >> 4], "reason": WHY[why >> 4], "country": ""}]
    for bit, end in ((32, ends[0]), (64, ends[1])):
        if shape & bit:
            end["country"] = rest[:2].decode() if is_country(rest[:2]) else ""
            rest = rest[2:]
    for bit, end in ((8, ends[0]), (16, ends[1])):
        if shape & bit:
            end["pid"], rest = varint(rest)
            end["id"], = struct.unpack_from("<Q", rest)
            size, rest = len(rest) - 8, rest[8:]
            if bit == 8 and shape & 16:
                size, rest = rest[0], rest[1:]
            end["name"], rest = rest[:size].split(b"\0")[0], rest[size:]
    return DIRECTION[shape & 7], ends


def receiver(data):
    """Who received it beside the attribution's."""
    pid, rest = varint(data[5:])
    return {"attr": HOW[data[4]], "reason": "", "country": "", "pid": pid,
            "id": struct.unpack_from("<Q", rest)[0],
            "name": rest[8:].split(b"\0")[0]}


def attribution_1(data):
    head, size, direction, which = data[4:8]
    if head < 16 or size < 28:
        raise ValueError("attribution")
    ends = [{"attr": HOW[data[at]], "reason": WHY[data[at + 1]],
             "country": country.decode() if is_country(country) else ""}
            for at, country in ((8, data[12:14]), (10, data[14:16]))]
    for bit, end in ((1, ends[0]), (2, ends[1])):
        if which & bit:
            pid, number, name = struct.unpack_from("<IQ16s", data, head)
            end |= {"pid": pid, "id": number, "name": name.split(b"\0")[0]}
            head += size
    return DIRECTION[direction], ends


def payloads(data):
    """(frame, payload): all that is ours, with the number of its packet."""
    at, order, frame = 0, "<", 0
    while at < len(data):
        if data[at:at + 4] == b"\n\r\r\n":
            order = "<" if data[at + 8] == 0x4D else ">"
        kind, size = struct.unpack_from(order + "II", data, at)
        body = data[at + 8:at + size - 4]
        pen = struct.pack(order + "I", PEN)
        frame += kind in (2, 3, 6, 0xBAD)  # all that Wireshark counts
        found = []
        if kind == 6:
            captured, = struct.unpack_from(order + "I", body, 12)
            found = [value[4:] for code, value in options(
                body[20 + captured + -captured % 4:], order)
                if code == 2989 and value[:4] == pen]
        elif kind == 0xBAD and body[:4] == pen:
            found = [body[4:]]
        yield from ((frame, p) for p in found
                    if p[:2] == b"PW" and p[2] in (1, 2, 3, 4)
                    and (p[3] == 1 or p[2:4] == b"\1\2"))
        at += size


def table(data):
    length, = struct.unpack_from("<I", data, 4)
    rows, rest = [], data[12:12 + length]
    while rest:
        row, rest = process(rest)
        rows.append(row)
    return rows


def understood(data):
    """What a payload says; None if it is malformed."""
    try:
        return {1: attribution, 2: process, 3: table, 4: receiver}[data[2]](data)
    except (ValueError, IndexError, struct.error):
        return None


def read(path):
    """{frame: (direction, ends)}, {frame: rows of the process table}"""
    packets, tables, records, hashes, others = {}, {}, {}, {}, {}
    with open(path, "rb") as file:
        found = list(payloads(file.read()))
    for frame, data in found:
        said = understood(data)
        if said is None:
            continue
        if data[2] == 1:
            packets[frame] = said
            continue
        if data[2] == 4:
            others.setdefault(frame, []).append(said)
            continue
        rows = said if data[2] == 3 else [said[0]]
        for row in rows:
            records.setdefault(row["id"], []).append((frame, row))
            for name in ("sha256", "sha256_reason"):
                if name in row:
                    hashes.setdefault(row["id"], {})[name] = row[name]
        if data[2] == 3:
            tables[frame] = rows
    for frame, (_, ends) in packets.items():
        ends += others.get(frame, [])
        for end in ends:
            known = records.get(end.get("id"), [])
            before = [row for at, row in known if at <= frame]
            record = before[-1] if before else known[0][1] if known else {}
            end |= {**hashes.get(end.get("id"), {}), **record, **end}
            if "sha256" in end:
                end.pop("sha256_reason", None)
    return packets, tables


def main():
    packets, tables = read(sys.argv[1])
    for frame, (direction, ends) in packets.items():
        print(frame, direction)
        for which, end in zip(["src"] + ["dst"] * (len(ends) - 1), ends):
            for name, value in end.items():
                if value not in ("", b""):
                    print(f"  {which}.{name}: {', '.join(texts(name, value))}")
    for frame, rows in tables.items():
        for row in rows:
            print(frame, "table", *(f"{name}={', '.join(texts(name, value))}"
                                    for name, value in row.items()))


if __name__ == "__main__":
    main()
