#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays random programs, captures them, and judges every packet.

  chaos.py PKTWHO PLUGIN PLAY [--seconds N] [--seed N] [--programs N]
      [--worlds NAME,...] [--only FEATURE,...] [--without FEATURE,...]
      [--count] [--all] [--unknown] [--least PERCENT]
      [--found DIRECTORY] [--replay FILE [--times N]]

First those programs of mended/ are played that once failed in these worlds.
Of what is found, the shortest program that shows it again is printed, and
kept in DIRECTORY; --count only counts.  What is known to fail (known.py) is
counted under its name, and no failure, but with --all.  Where fewer ends than
--least are named, it fails; --unknown makes a finding of each of the others.
"""
import argparse
import itertools
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import grammar  # noqa: E402
import known  # noqa: E402
import worlds  # noqa: E402
from verdict import Judge, Result, Truth  # noqa: E402

world = worlds.stage.world      # of the live tests
MENDED_TIMES = 5


class Machine:
    """One world, and what is needed to play programs in it."""

    def __init__(self, name, play, unknown=False):
        self.unknown = unknown
        self.place = worlds.WORLDS[name]()
        self.dir = Path(tempfile.mkdtemp(prefix="pktwho-chaos-"))
        self.dir.chmod(0o777)
        shutil.copy(play, self.dir / "play")

    def close(self):
        self.place.close()
        shutil.rmtree(self.dir)

    def write(self, programs):
        text = "".join(f"program {number}\n" + "\n".join(lines) + "\nend\n"
                       for number, lines in enumerate(programs))
        (self.dir / "programs").write_text(text)
        (self.dir / "programs").chmod(0o644)

    def capture(self):
        """A busy machine may need more than one try."""
        for _ in range(3):
            try:
                return world.Capture(
                    self.dir / "capture.pcapng", "-B", "16",
                    *(a for i in self.place.interfaces for a in ("-i", i)),
                    within=self.place.watch.ns)
            except AssertionError as error:
                print(f"{self.place.name}: {error}", flush=True)
        raise RuntimeError("no capture")

    def run(self, programs):
        """The Result of these, all in one capture."""
        for old in self.dir.iterdir():
            if old.name != "play":
                old.unlink()
        self.write(programs)
        log = self.dir / "log"
        capture = self.capture()
        try:
            first = self.place.spaces[self.place.hosts[0]]
            played = subprocess.run(
                first.ns.argv(self.dir / "play", self.dir / "programs", log,
                              self.dir), env=self.place.environment,
                stderr=subprocess.PIPE, timeout=600, check=False)
            status, said = capture.stop(settle=0.2)
        finally:
            capture.process.kill()
        if played.returncode or status or "0 dropped" not in said:
            raise RuntimeError(f"{played.returncode} {played.stderr} "
                               f"{status} {said}")
        judge = Judge(Truth(log), self.place, self.unknown)
        judge.file(capture.path)
        return judge.result


def failing(machine, programs, shape, times):
    """The numbers of those that show it again, played some times each."""
    each = [p for p in programs for _ in range(times)]
    if not each:
        return set()
    found = machine.run(each).findings
    return {f.program // times for f in found if f.shape == shape}


def without(lines, gone):
    """Fewer lines; a pair of braces goes at once, or when it is empty."""
    text = "".join(f"{line}\n" for n, line in enumerate(lines)
                   if n not in gone)
    text = re.sub(r"\{\n((?:.*\n)?)\}\n", r"\1", text)
    return text.split("\n")[:-1]


def legible(lines):
    """Every brace is closed before the next one opens."""
    braces = "".join(line for line in lines if line in "{}")
    return braces == "{}" * (len(braces) // 2)


def shrink(machine, lines, shape, times, seconds=60):
    """The shortest program that was seen to show it still."""
    size = max(len(lines) // 2, 1)
    end = time.monotonic() + seconds
    while size and time.monotonic() < end:
        chunks = [set(range(at, at + size))
                  for at in range(0, len(lines), size)]
        chunks = [c for c in chunks if legible(without(lines, c))
                  and c != set(range(len(lines)))]
        hits = failing(machine, [without(lines, c) for c in chunks], shape,
                       times)
        if not hits:
            size //= 2
            continue
        # Most of what is not needed alone is not needed together.
        chosen = [chunks[n] for n in sorted(hits)]
        ways = [set().union(*chosen), set().union(*chosen[::2]), chosen[0]]
        ways = [w for w in ways if legible(without(lines, w))
                and len(w) < len(lines)]
        again = failing(machine, [without(lines, w) for w in ways], shape,
                        2 * times)
        lines = without(lines, ways[min(again, default=-1)])
        size = min(size, max(len(lines) // 2, 1))
    return lines


class Report:
    """What was found, once for each kind and shape."""

    def __init__(self, options):
        self.directory = options.found and Path(options.found)
        self.shrinks, self.all = not options.count, options.all
        # What is long to shrink must not make a short run long.
        self.end = time.monotonic() + 2 * options.seconds
        self.seen, self.known = Counter(), Counter()
        self.worlds = defaultdict(Result)

    def take(self, machine, programs, result, seed):
        self.worlds[machine.place.name].add(result)
        for f in result.findings:
            lines = programs[f.program]
            row = not self.all and known.row(f, lines)
            if row:
                self.known[row] += 1
                continue
            self.seen[f.shape] += 1
            if self.seen[f.shape] == 1:
                print(f"found {f}", flush=True)
                if self.shrinks and time.monotonic() < self.end:
                    self.tell(machine, lines, f, f"{seed} {f.program}")

    def short(self, least):
        """The worlds where fewer ends are named than should be."""
        return [name for name, result in self.worlds.items()
                if result.share < min(least, known.LEAST.get(name, 100))]

    def tell(self, machine, lines, finding, seed):
        again = len(failing(machine, [lines] * 20, finding.shape, 1))
        times = next((t for t, least in ((2, 18), (4, 10), (10, 4))
                      if again >= least), 0)
        if times:       # what is rarer would take hours
            lines = shrink(machine, lines, finding.shape, times)
        text = "\n".join([f"# world {machine.place.name}",
                          f"# seed {seed}, {again} of 20 times again",
                          f"# {finding}", *lines]) + "\n"
        print(text, flush=True)
        if self.directory:
            self.directory.mkdir(exist_ok=True)
            name = f"{finding.kind}-{seed}"
            (self.directory / name.replace(" ", "-")).write_text(text)


def explore(options, machines, features, report):
    """Batches of programs, one world after another, until the time is up."""
    end = time.monotonic() + options.seconds
    played = 0
    for batch in itertools.count():
        for machine in machines:
            if time.monotonic() > end:
                return played
            seed = f"{options.seed}.{machine.place.name}.{batch}"
            programs = [grammar.program(f"{seed}.{n}", machine.place,
                                        features)
                        for n in range(options.programs)]
            result = machine.run(programs)
            played += len(programs)
            report.take(machine, programs, result, seed)


def replay_mended(machine):
    """How much is wrong once more of what was mended in this world."""
    kept = {path.name: path.read_text().splitlines()
            for path in sorted((HERE / "mended").iterdir())}
    kept = {name: lines for name, lines in kept.items()
            if lines[0] == f"# world {machine.place.name}"}
    if not kept:
        return 0
    found = machine.run([lines for lines in kept.values()
                         for _ in range(MENDED_TIMES)]).findings
    for f in found:
        print(f"again {list(kept)[f.program // MENDED_TIMES]}: {f}")
    return len(found)


def replay(options, machine, lines):
    result = machine.run([lines] * options.times)
    for f in result.findings:
        print(f)
    shown = len({f.program for f in result.findings})
    print(f"{shown} of {options.times} times; {result}")
    return int(shown > 0)


def summary(played, report):
    for name, result in report.worlds.items():
        print(f"{name}: {result}")
    print(f"{played} programs")
    for name, least in known.LEAST.items():
        print(f"{least:5}% known: {name}: at least so many ends are named")
    for shape, count in report.seen.most_common():
        print(f"{count:6} {' | '.join(shape)}")
    for name, why in known.REASONS.items():
        print(f"{report.known[name]:6} known: {name}: {why}")


def arguments():
    a = argparse.ArgumentParser(usage=__doc__)
    for name in ("pktwho", "plugin", "play"):
        a.add_argument(name)
    a.add_argument("--seconds", type=float, default=100)
    a.add_argument("--seed", default="1")
    a.add_argument("--programs", type=int, default=200)
    a.add_argument("--worlds", default=",".join(worlds.WORLDS))
    a.add_argument("--only", default="")
    a.add_argument("--without", default="")
    a.add_argument("--least", type=float, default=99.9)
    a.add_argument("--count", action="store_true")
    a.add_argument("--all", action="store_true")
    a.add_argument("--unknown", action="store_true")
    a.add_argument("--found")
    a.add_argument("--replay")
    a.add_argument("--times", type=int, default=50)
    return a.parse_args()


def chosen(options):
    """The features to play."""
    features = [f for f in grammar.FEATURES
                if not options.only or f in options.only.split(",")]
    left = options.without.split(",")
    return [f for f in features if f not in left]


def main():
    options = arguments()
    world.need_root()
    world.need("ip")
    names, lines = options.worlds.split(","), []
    if options.replay:
        lines = Path(options.replay).read_text().splitlines()
        names = [re.match(r"# world (\S+)", lines[0]).group(1)]
    machines = []
    try:
        for name in names:
            machines.append(Machine(name, options.play, options.unknown))
        if lines:
            return replay(options, machines[0], lines)
        again = sum(map(replay_mended, machines))
        report = Report(options)
        played = explore(options, machines, chosen(options), report)
        summary(played, report)
        short = report.short(options.least)
        if short:
            print("too few ends are named:", *short)
        return int(bool(again or report.seen or short))
    finally:
        for machine in machines:
            machine.close()
        worlds.stage.close_all()


if __name__ == "__main__":
    sys.exit(main())
