# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints the owners of all packets of files of pktwho.

Written from docs/file-format.md alone, as an example and to prove that page:
tests/plugin/test_reader.py compares it with the plugin.

  python3 tests/reader.py FILE
"""
import struct
import sys

PEN = 32473
HOW = ("", "socket", "listener", "scan", "flow", "kernel", "forwarded", "unknown",
       "import", "accepted", "holder")
WHY = ("", "reset", "time-wait", "icmp", "no-socket", "not-ip", "lost", "malformed",
       "before", "fragment", "ambiguous", "not-delivered", "kernel-socket")
DIRECTION = ("unknown", "in", "out", "local", "forwarded")
# Of a process record, by type: its name, and the size of an integer or hash.
FIELDS = {kind: (name, int(size or 0)) for kind, (name, _, size) in enumerate(
    (field.partition("/") for field in """id/8 pid/4 ppid/4 start/8 name exepath
    cmdline uid/4 gid/4 user vpid/4 loginuid/4 pname cgroup container.id
    container.name container.runtime pod.uid unit netns/8 flags/4 sha256/32 packets/8
    bytes/8 first_seen/8 last_seen/8 exit_status/4 container.image pod.name
    pod.namespace host apid aname aexe sha256_reason/4 cwd script tty session.id
    session.address""".split()), 1)}


def items(data, order="<"):
    """Options of a block and fields of a record are alike."""
    while len(data) >= 4:
        code, size = struct.unpack_from(order + "HH", data)
        if 4 + size > len(data):
            raise ValueError("cut short")
        yield code, data[4:4 + size]
        data = data[4 + size + -size % 4:]


def process(data):
    """The record at the start of *data*, and what follows it."""
    length, = struct.unpack_from("<I", data, 4)
    if not 8 <= length <= min(8192, len(data)) or length % 4:
        raise ValueError("record length")
    found = {}
    for kind, value in items(data[8:length]):
        name, size = FIELDS.get(kind, ("", 0))
        if size and size != len(value):
            raise ValueError("field")
        found[name] = (value if size in (0, 32) else int.from_bytes(value, "little"))
    found.pop("", None)
    return found, data[length:]


def table(data):
    length, = struct.unpack_from("<I", data, 4)
    rows, rest = [], data[12:12 + length]
    while rest:
        row, rest = process(rest)
        rows.append(row)
    return rows


def an_end(how, why, country=b"", **more):
    known = len(country) == 2 and country.isalpha() and country.isupper()
    return {"attr": HOW[how], "reason": WHY[why],
            "country": country.decode() if known else "", **more}


def owner(data):
    """Process id and number of one end, and what follows them."""
    pid = shift = 0
    for at, byte in enumerate(data[:5]):
        pid |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80 and pid < 2**32:
            number, = struct.unpack_from("<Q", data, at + 1)
            return {"pid": pid, "id": number}, data[at + 9:]
    raise ValueError("pid")


def attribution(data):
    """The direction and both ends."""
    if data[3] == 1:
        return attribution_1(data)
    shape, how, rest, why = data[4], data[5], data[6:], 0
    if shape & 128:
        why, rest = rest[0], rest[1:]
    ends = []
    for half in (0, 1):
        size = 2 * bool(shape & 32 << half)
        ends.append(an_end(how >> 4 * half & 15, why >> 4 * half & 15, rest[:size]))
        rest = rest[size:]
    for half, end in enumerate(ends):
        if shape & 8 << half:
            who, rest = owner(rest)
            size = len(rest)
            if shape & 24 == 24 and not half:
                size, rest = rest[0], rest[1:]
            end |= who | {"name": rest[:size].split(b"\0")[0]}
            rest = rest[size:]
    return DIRECTION[shape & 7], ends


def attribution_1(data):
    head, size, direction, which = data[4:8]
    if head < 16 or size < 28:
        raise ValueError("attribution")
    ends = [an_end(data[8], data[9], data[12:14]),
            an_end(data[10], data[11], data[14:16])]
    for bit, end in ((1, ends[0]), (2, ends[1])):
        if which & bit:
            pid, number, name = struct.unpack_from("<IQ16s", data, head)
            end |= {"pid": pid, "id": number, "name": name.split(b"\0")[0]}
            head += size
    return DIRECTION[direction], ends


def receiver(data):
    """Who received it beside the attribution's."""
    who, rest = owner(data[5:])
    return an_end(data[4], 0, **who, name=rest.split(b"\0")[0])


def payloads(data):
    """(frame, payload): all that is ours, with the number of its packet."""
    at, order, frame = 0, "<", 0
    while at < len(data):
        if data[at:at + 4] == b"\n\r\r\n":
            order = "<" if data[at + 8] == 0x4D else ">"
        kind, size = struct.unpack_from(order + "II", data, at)
        body, found = data[at + 8:at + size - 4], []
        frame += kind in (2, 3, 6, 0xBAD)  # all that Wireshark counts
        if kind == 6:
            captured, = struct.unpack_from(order + "I", body, 12)
            found = [value for code, value in items(
                body[20 + captured + -captured % 4:], order) if code == 2989]
        elif kind == 0xBAD:
            found = [body]
        yield from ((frame, p[4:]) for p in found
                    if p[:6] == struct.pack(order + "I", PEN) + b"PW" and
                    p[6] in (1, 2, 3, 4) and (p[7] == 1 or p[6:8] == b"\1\2"))
        at += size


def understood(data):
    """What a payload says; None if it is malformed."""
    try:
        return {1: attribution, 2: process, 3: table, 4: receiver}[data[2]](data)
    except (ValueError, IndexError, struct.error):
        return None


def read(path):
    """{frame: (direction, ends)}, {frame: rows of the process table}"""
    packets, tables, others, records, hashes = {}, {}, {}, {}, {}
    with open(path, "rb") as file:
        found = [(frame, data[2], understood(data))
                 for frame, data in payloads(file.read())]
    for frame, kind, said in found:
        if said and kind == 1:
            packets[frame] = said
        elif said and kind == 4:
            others.setdefault(frame, []).append(said)
        elif said is not None:
            rows = said if kind == 3 else said[:1]
            tables |= {frame: rows} if kind == 3 else {}
            for row in rows:
                records.setdefault(row["id"], []).append((frame, row))
                hashes.setdefault(row["id"], {}).update(
                    (name, row[name]) for name in row if name.startswith("sha256"))
    for frame, (_, ends) in packets.items():
        ends += others.get(frame, [])
        for end in ends:
            known = records.get(end.get("id"), [(0, {})])
            before = [row for at, row in known if at <= frame]
            end |= {**hashes.get(end.get("id"), {}),
                    **(before[-1] if before else known[0][1]), **end}
            if "sha256" in end:
                end.pop("sha256_reason", None)
    return packets, tables


def main():
    packets, tables = read(sys.argv[1])
    for frame, (direction, ends) in packets.items():
        print(frame, direction)
        for which, end in zip(["src"] + ["dst"] * (len(ends) - 1), ends):
            print(f"  {which}", *(f"{name}={value!r}" for name, value
                                 in end.items() if value not in ("", b"")))
    for frame, rows in tables.items():
        for row in rows:
            print(frame, "table", *(f"{name}={row[name]!r}" for name in row))


if __name__ == "__main__":
    main()
