#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a kernel has each field and value that our program names.

    test_fields.py PROGRAM.bpf.o [BTF]...

Reads the relocations that the loader would apply (CO-RE, .BTF.ext) and looks
for each in the kernel's BTF, this one's if none is given.  What the program
asks for before it uses it may be missing.
"""

import struct
import sys
import unittest
from collections import defaultdict
from pathlib import Path

PROGRAM = Path(sys.argv[1])
KERNELS = [Path(p) for p in sys.argv[2:]] or [Path("/sys/kernel/btf/vmlinux")]

PTR, ARRAY, STRUCT, UNION, ENUM = 2, 3, 4, 5, 6
MODIFIERS = {8, 9, 10, 11, 18}                  # typedef, volatile, const, ...
ENUM64 = 19
# Bytes after the common 12, once, and for each of the type's members.
EXTRA = {1: (4, 0), 3: (12, 0), 4: (0, 12), 5: (0, 12), 6: (0, 8), 13: (0, 8),
         14: (4, 0), 15: (0, 12), 17: (4, 0), 19: (0, 12)}

# enum bpf_core_relo_kind
FIELD_EXISTS, TYPE_EXISTS, ENUM_EXISTS, ENUM_VALUE = 2, 8, 10, 11
FIELDS = range(0, 6)
ASKS = {FIELD_EXISTS, TYPE_EXISTS, ENUM_EXISTS}


class Btf:
    """The types of a program or a kernel, as linux/btf.h has them."""

    def __init__(self, data):
        magic, _, _, hdr, type_off, type_len, str_off, str_len = \
            struct.unpack_from("<HBBIIIII", data)
        assert magic == 0xEB9F, "no BTF"
        self.strings = data[hdr + str_off:hdr + str_off + str_len]
        self.types = [(0, "", 0, ())]           # kind, name, type, members
        self.named = defaultdict(list)
        at, end = hdr + type_off, hdr + type_off + type_len
        while at < end:
            name, info, size = struct.unpack_from("<III", data, at)
            kind, count = info >> 24 & 0x1F, info & 0xFFFF
            once, each = EXTRA.get(kind, (0, 0))
            body = at + 12
            at = body + once + each * count
            if kind in (STRUCT, UNION):
                members = tuple(struct.unpack_from("<II", data, body + 12 * i)
                                for i in range(count))
            elif kind in (ENUM, ENUM64):
                members = tuple((struct.unpack_from("<I", data,
                                                    body + each * i)[0], 0)
                                for i in range(count))
            elif kind == ARRAY:
                size, members = struct.unpack_from("<I", data, body)[0], ()
            else:
                members = ()
            name = self.string(name)
            if kind in (STRUCT, UNION, ENUM, ENUM64, 8) and name:
                self.named[name].append(len(self.types))
            self.types.append((kind, name, size, members))

    def string(self, at):
        return self.strings[at:self.strings.index(b"\0", at)].decode()

    def bare(self, number):
        """Without const, typedef and so on."""
        while self.types[number][0] in MODIFIERS:
            number = self.types[number][2]
        return number

    def member(self, number, name):
        """The type of a member, through those without a name, or None."""
        kind, _, _, members = self.types[self.bare(number)]
        if kind not in (STRUCT, UNION):
            return None
        for at, of in members:
            found = self.string(at)
            if found == name:
                return of
            if not found:
                inner = self.member(of, name)
                if inner is not None:
                    return inner
        return None

    def has(self, name, path):
        """Whether a type of that name, flavours aside, has that path."""
        for number in self.named[name.partition("___")[0]]:
            for step in path:
                while number is not None and \
                        self.types[self.bare(number)][0] == ARRAY:
                    number = self.types[self.bare(number)][2]
                number = self.member(number, step)
                if number is None:
                    break
            else:
                return True
        return False

    def has_value(self, name, value):
        return any(self.string(at) == value
                   for number in self.named[name.partition("___")[0]]
                   for at, _ in self.types[self.bare(number)][3])


def sections(elf):
    """By name, of a 64-bit little-endian ELF file."""
    (off,), (size, count, names) = (struct.unpack_from("<Q", elf, 0x28),
                                    struct.unpack_from("<HHH", elf, 0x3A))
    rows = [struct.unpack_from("<IIQQQQ", elf, off + size * i)
            for i in range(count)]
    text = rows[names]
    return {elf[text[4] + r[0]:elf.index(b"\0", text[4] + r[0])].decode():
            elf[r[4]:r[4] + r[5]] for r in rows}


def path_of(btf, number, access):
    """The names of the members that "0:3:1" goes through."""
    names = []
    for index in access[1:]:
        number = btf.bare(number)
        kind, _, of, members = btf.types[number]
        if kind == ARRAY:
            number = of
            continue
        at, number = members[index]
        if btf.string(at):
            names.append(btf.string(at))
    return tuple(names)


def relocations(elf):
    """(kind, type, path or value) of each place that the loader changes."""
    found = sections(elf)
    btf, ext = Btf(found[".BTF"]), found[".BTF.ext"]
    hdr, = struct.unpack_from("<I", ext, 4)
    off, size = struct.unpack_from("<II", ext, 24)
    at, end = hdr + off, hdr + off + size
    width, = struct.unpack_from("<I", ext, at)
    at += 4
    while at < end:
        _, count = struct.unpack_from("<II", ext, at)
        at += 8
        for _ in range(count):
            _, number, access, kind = struct.unpack_from("<IIII", ext, at)
            at += width
            access = [int(n) for n in btf.string(access).split(":")]
            number = btf.bare(number)
            name = btf.types[number][1]
            if kind in FIELDS:
                yield kind, name, path_of(btf, number, access)
            elif kind in (ENUM_EXISTS, ENUM_VALUE):
                at_name = btf.types[number][3][access[0]][0]
                yield kind, name, btf.string(at_name)
            else:
                yield kind, name, ()


def missing(program, kernel):
    """Of a type with flavours (type___before_6_6) one must be whole."""
    wanted = set(relocations(program))
    asked = {(name, what) for kind, name, what in wanted if kind in ASKS}
    types = {name for kind, name, _ in wanted if kind == TYPE_EXISTS}
    gone = defaultdict(set)
    for kind, name, what in wanted:
        gone[name] |= set()
        if kind in ASKS or (name, what) in asked or name in types:
            continue
        if kind == ENUM_VALUE and not kernel.has_value(name, what):
            gone[name].add(f"{name}.{what}")
        elif kind in FIELDS and not kernel.has(name, what):
            gone[name].add(".".join((name, *what)))
    for base in {name.partition("___")[0] for name in gone}:
        flavours = [fields for name, fields in gone.items()
                    if name.partition("___")[0] == base]
        if all(flavours):
            yield from sorted(set().union(*flavours))


class Fields(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.program = PROGRAM.read_bytes()

    def test_every_field_is_there(self):
        for path in KERNELS:
            with self.subTest(kernel=str(path)):
                data = path.read_bytes()
                self.assertEqual(sorted(set(missing(self.program, Btf(data)))),
                                 [])

    def test_the_program_names_what_we_know(self):
        """So that a reader that finds nothing is not green."""
        found = {".".join((name, *what)) for kind, name, what
                 in relocations(self.program) if kind in FIELDS}
        self.assertGreater(len(found), 20)
        self.assertTrue(any(f.startswith("sock_common.skc_") or
                            ".skc_" in f for f in found), found)

    def test_a_field_with_another_name_is_missing(self):
        """A kernel that calls it otherwise; names are as long as before."""
        data = KERNELS[0].read_bytes()
        self.assertEqual(data.count(b"\0group_leader\0"), 1)
        data = data.replace(b"\0group_leader\0", b"\0croup_leader\0")
        self.assertTrue([f for f in missing(self.program, Btf(data))
                         if f.endswith(".group_leader")])


if __name__ == "__main__":
    if not KERNELS[0].exists():
        print(f"{KERNELS[0]} is not there")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1])
