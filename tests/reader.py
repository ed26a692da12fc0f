# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints the owners of all packets of a file of pktwho.

Written from docs/file-format.md alone, as an example and to prove that page:
tests/plugin/test_reader.py compares it with the plugin.

  python3 tests/reader.py FILE
"""
import struct
import sys

HOW = dict(enumerate(("", "socket", "listener", "scan", "flow", "kernel", "forwarded",
                      "unknown", "import", "accepted", "holder")))
WHY = dict(enumerate(("", "reset", "time-wait", "icmp", "no-socket", "not-ip", "lost",
                      "malformed", "before", "fragment", "ambiguous", "not-delivered",
                      "kernel-socket")))
DIRECTION = dict(enumerate(("unknown", "in", "out", "local", "forwarded")))
# Of a process record, by type: its name, and the layout of what is not text.
FIELDS = dict(enumerate((field.partition("/")[::2] for field in """
    id/Q pid/I ppid/I start/Q name exepath cmdline uid/I gid/I user vpid/I loginuid/I
    pname cgroup container.id container.name container.runtime pod.uid unit netns/Q
    flags/I sha256/32s packets/Q bytes/Q first_seen/Q last_seen/Q exit_status/I
    container.image pod.name pod.namespace host apid aname aexe sha256_reason/I cwd
    script tty session.id session.address""".split()), 1))


def take(layout, data, order="<"):
    """What *data* begins with, and what follows it."""
    size = struct.calcsize(order + layout)
    return *struct.unpack(order + layout, data[:size]), data[size:]


def options(data, order="<"):
    """Code and value of each option of a block; a record's fields are alike."""
    while data:
        code, size, data = take("HH", data, order)
        value, data = take(f"{size}s", data)
        yield code, value
        data = data[-size % 4:]


def records(data):
    while data:
        _, length, _ = take("II", data)
        if not 8 <= length <= min(8192, len(data)) or length % 4:
            raise ValueError("record length")
        record = {}
        for kind, value in options(data[8:length]):
            if kind in FIELDS:
                name, layout = FIELDS[kind]
                record[name], = struct.unpack("<" + (layout or f"{len(value)}s"), value)
        yield record
        data = data[length:]


def table(data):
    length, _, rest = take("II", data[4:])
    return list(records(take(f"{length}s", rest)[0]))


def owner(data, is_last=True):
    """Pid, process id and name of one end, and what follows them."""
    length = next((n for n, byte in enumerate(data, 1) if byte < 128), 6)
    pid = sum((byte & 127) << 7 * n for n, byte in enumerate(data[:length]))
    if length > 5 or pid >= 2**32:
        raise ValueError("pid")
    number, data = take("Q", data[length:])
    size, data = (len(data), data) if is_last else take("B", data)
    name, data = take(f"{size}s", data)
    return {"pid": pid, "id": number, "name": name}, data


def an_end(how, why=0, country=b""):
    known = country.isalpha() and country.isupper()
    return {"attr": HOW.get(how, "unknown"), "reason": WHY.get(why, "unknown"),
            "country": country.decode() if known else ""}


def attribution(data):
    """The direction and both ends."""
    shape, how, rest = take("BB", data[4:])
    why, rest = take("B", rest) if shape & 128 else (0, rest)
    source, rest = take("2s", rest) if shape & 32 else (b"", rest)
    destination, rest = take("2s", rest) if shape & 64 else (b"", rest)
    ends = [an_end(how & 15, why & 15, source), an_end(how >> 4, why >> 4, destination)]
    if shape & 8:
        who, rest = owner(rest, is_last=not shape & 16)
        ends[0] |= who
    if shape & 16:
        ends[1] |= owner(rest)[0]
    return DIRECTION.get(shape & 7, "unknown"), ends


READERS = {b"PW\1\2": attribution, b"PW\3\1": table,
           b"PW\2\1": lambda data: [next(records(data), {})],
           b"PW\4\1": lambda data: an_end(data[4]) | owner(data[5:])[0]}


def payloads(file):
    """The number of the packet, the kind and what it says, of each that is ours."""
    order, number = "<", 0
    while head := file.read(12):
        if head[:4] == b"\n\r\r\n":
            order = "<" if head[8] == 0x4D else ">"
        kind, size = struct.unpack(order + "II", head[:8])
        body = (head[8:] + file.read(size - 12))[:-4]
        number += kind in (2, 3, 6, 0xBAD)
        values = [body] if kind == 0xBAD else []
        if kind == 6:
            captured, = struct.unpack(order + "I", body[12:16])
            after = body[20 + captured + -captured % 4:]
            values = [value for code, value in options(after, order) if code == 2989]
        for value in values:
            if value[:4] == struct.pack(order + "I", 32473) and value[4:8] in READERS:
                try:
                    yield number, value[6], READERS[value[4:8]](value[4:])
                except (ValueError, IndexError, struct.error):
                    pass  # malformed: as if it was not there


def read(path):
    """{number: (direction, ends)}, {number: rows of the process table}"""
    with open(path, "rb") as file:
        found = list(payloads(file))
    packets = {number: said for number, kind, said in found if kind == 1}
    tables = {number: said for number, kind, said in found if kind == 3}
    known = {}
    for number, kind, said in found:
        if kind == 4 and number in packets:
            packets[number][1].append(said)
        for record in said if kind in (2, 3) else ():
            known.setdefault(record.get("id"), []).append((number, record))
    for number, (_, ends) in packets.items():
        for end in ends:
            record, hashes, last = {}, {}, 0
            for at, one in known.get(end.get("id", 0), ()):
                is_readers = end is ends[0] and at == number == last
                if (at <= number and not is_readers) or not record:
                    record, last = one, at
                hashes |= {name: one[name] for name in one if name.startswith("sha256")}
            end |= hashes | record | end
            if "sha256" in end:
                end.pop("sha256_reason", None)
    return packets, tables


if __name__ == "__main__":
    packets, tables = read(sys.argv[1])
    for number, (direction, ends) in packets.items():
        print(f"{number} {direction}", *ends, sep="\n  ")
    for number, rows in tables.items():
        print(f"{number} table", *rows, sep="\n  ")
