# SPDX-License-Identifier: GPL-3.0-or-later
"""A program in a terminal of a given size; pyte says what a person sees."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

PATIENCE = 60       # seconds: far more than anything takes on a busy machine

# Debian's modules, whichever python3 this is.
sys.path.append("/usr/lib/python3/dist-packages")

try:
    import pyte
except ImportError:
    pyte = None


def scrolling():
    """pyte's screen and stream with "CSI n S" and "CSI n T", for ncurses."""
    class Screen(pyte.Screen):
        def scroll(self, step, at, count):
            x, y = self.cursor.x, self.cursor.y
            top, bottom = self.margins or (0, self.lines - 1)
            self.cursor.y = bottom if at else top
            for _ in range(count or 1):
                step()
            self.cursor.x, self.cursor.y = x, y

        def scroll_up(self, count=1):
            self.scroll(self.index, True, count)

        def scroll_down(self, count=1):
            self.scroll(self.reverse_index, False, count)

    class Stream(pyte.ByteStream):
        csi = {**pyte.ByteStream.csi, "S": "scroll_up", "T": "scroll_down"}
        events = pyte.ByteStream.events | {"scroll_up", "scroll_down"}

    return Screen, Stream


class Terminal:
    def __init__(self, argv, rows=24, columns=80, env=None, **options):
        stdin = options.pop("stdin", None)
        stderr = options.pop("stderr", subprocess.PIPE)
        screen, stream = scrolling()
        self.screen = screen(columns, rows)
        self.stream = stream(self.screen)
        self.raw = b""
        self.fd, slave = pty.openpty()
        self.set_size(slave, rows, columns)
        self.before = termios.tcgetattr(slave)
        self.process = subprocess.Popen(
            [str(a) for a in argv], stdin=stdin or slave, stdout=slave,
            stderr=stderr, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(1, termios.TIOCSCTTY, 0),
            env={**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8",
                 **(env or {})}, **options)
        self.slave = slave      # so that what was said last can be read

    @staticmethod
    def set_size(fd, rows, columns):
        fcntl.ioctl(fd, termios.TIOCSWINSZ,
                    struct.pack("HHHH", rows, columns, 0, 0))

    def resize(self, rows, columns):
        self.screen.resize(rows, columns)
        self.set_size(self.fd, rows, columns)

    def read(self, seconds):
        """What comes until then."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if not select.select([self.fd], [], [], left)[0]:
                break
            data = os.read(self.fd, 65536)
            self.raw += data
            self.stream.feed(data)

    @property
    def lines(self):
        return [line.rstrip() for line in self.screen.display]

    def type(self, keys):
        os.write(self.fd, keys.encode())

    def wait(self, condition, seconds=PATIENCE):
        """Until the lines are so, which are then returned."""
        end = time.monotonic() + seconds
        while not condition(self.lines):
            if time.monotonic() > end:
                raise AssertionError("\n".join(
                    ["not on the screen:", *self.lines]))
            self.read(0.05)
        return self.lines

    def shows(self, text, seconds=PATIENCE):
        return self.wait(lambda lines: any(text in line for line in lines),
                         seconds)

    def matches(self, pattern, seconds=PATIENCE):
        """The same for a regular expression, over lines that go on."""
        return self.wait(lambda lines: re.search(pattern, "\n".join(
            lines).replace("\n" + " " * 17, "")), seconds)

    def hides(self, text, seconds=PATIENCE):
        return self.wait(lambda lines: not any(text in line
                                               for line in lines), seconds)

    def end(self, keys="q", seconds=PATIENCE):
        """Its exit status and what it said on its standard error."""
        self.type(keys)
        end = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < end:
            self.read(0.05)
        self.read(0.1)
        said = self.process.stderr
        return self.process.wait(PATIENCE), said.read().decode() if said else ""

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        if self.process.stderr:
            self.process.stderr.close()
        os.close(self.fd)
        os.close(self.slave)
