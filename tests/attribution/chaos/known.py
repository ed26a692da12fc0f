# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known to fail, by name, and why.

A finding that fits a row is counted under its name and printed, and is no
failure; everything else is.  A row goes when what it names is mended.
"""
import re

# name: (kind of finding, the packet's protocol and what was said of its ends,
#        a line of its program, why)
ROWS = {
    "reader-of-shared": (
        "reader", "tcp|udp|253", r"fork|take",
        "of several that hold a socket, at times not who reads it"),
    "sender-of-queued": (
        "sender", "tcp", r"fork|take",
        "of several that hold a connection, not whose bytes they are"),
    "sender-of-shared": (
        "sender|sender-name|error", ".*", r"fork|take|rename|exec",
        "a shared socket's datagram is named after another of its users"),
}
REASONS = {name: row[3] for name, row in ROWS.items()}

# world: how many of its ends are named at least, in per cent, for now.
LEAST = {"nfqueue": 99, "vxlan": 99, "nat": 95, "impostor": 99}


def row(finding, lines):
    """The name of the row that it fits, or None."""
    text = "\n".join(lines)
    for name, (kind, protocol, line, _) in ROWS.items():
        if re.fullmatch(kind, finding.kind) and \
                re.match(f"(?:{protocol})\\b", " ".join(finding.shape[1:])) and \
                re.search(line, text):
            return name
    return None
