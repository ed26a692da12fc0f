# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays the cases, judges the captures, prints the table.

  run.py PKTWHO PLUGIN WORKLOAD [--fallback] [--only TEXT] [--no-load]
         [--by-capture] [--faults N] [--keep DIR]
"""
import argparse
import json
import os
import re
import shutil
import sys
import tempfile
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "live")]

import cases  # noqa: E402
import stage  # noqa: E402
import world  # noqa: E402
from cases import pressure  # noqa: E402
from cases.tunnels import INNER  # noqa: E402
from harness import Tshark  # noqa: E402
from judge import OWN, UNREADABLE, Judge, Score  # noqa: E402
from model import Model  # noqa: E402
from truth import Log  # noqa: E402

FIRST_PORTS = {("L", 4): 20000, ("L", 6): 21000, ("V", 4): 22000,
               ("V", 6): 23000, ("load", 4): 24000}
# Option 8's thread is a promise for these.
THREADS = {c.name for c in cases.every() if c.threads}


@dataclass
class Outcome:
    scores: dict            # (case, capture) -> Score
    order: list             # names of cases, as they are printed
    skips: list
    failed: list            # cases that could not be played
    said: dict              # capture -> (exit status, its last words)
    rate: float = 0         # connections a second of the load
    seconds: tuple = (0, 0)     # to play, in all

    def by_case(self):
        found = {}
        for (name, _), score in self.scores.items():
            found.setdefault(name, Score()).add(score)
        return found


@dataclass
class Environment:
    name: str
    hosts: dict
    watches: list = field(default_factory=list)


def play_case(s, case, skips, failed):
    """Up to its yield, if it has one; the rest is returned."""
    s.case = case.name
    try:
        play = case.play(s)
        if case.starts_before:
            next(play)
            return play
        s.finish()
    except Exception:
        s.finish()
        failed.append((f"{s.env} IPv{s.family} {case.name}",
                       traceback.format_exc()))
    skips += s.skips
    s.skips = []
    return None


def prologue(env, stages, chosen, failed):
    """What must be there before the captures: (stage, case, the rest)."""
    begun = []
    for s in stages:
        for case in chosen:
            if case.starts_before and s.family in case.families:
                rest = play_case(s, case, [], failed)
                begun.append((s, case, rest, s.handles))
                s.handles = []
    return begun


def act(stages, begun, chosen, skips, failed):
    for s, case, rest, handles in begun:
        s.case, s.handles = case.name, handles
        try:
            if rest:
                next(rest, None)
        except Exception:
            failed.append((f"{s.env} IPv{s.family} {case.name}",
                           traceback.format_exc()))
        s.finish()
    for s in stages:
        for case in chosen:
            if not case.starts_before and s.family in case.families:
                play_case(s, case, skips, failed)


def in_child(function, *args):
    """Runs beside this process; returns how to fetch its result, as JSON."""
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            with os.fdopen(writer, "w") as pipe:
                json.dump(function(*args), pipe)
            os._exit(0)
        except BaseException:
            traceback.print_exc()
        os._exit(1)
    os.close(writer)

    def fetch():
        with os.fdopen(reader) as pipe:
            text = pipe.read()
        if os.waitpid(pid, 0)[1]:
            raise RuntimeError("an environment could not be played")
        return json.loads(text)
    return fetch


def play_environment(env, log, chosen, tool, go):
    """Both families in one environment: (skips, failed)."""
    skips, failed = [], []
    stages = [stage.Stage(env.name, env.hosts, log, family,
                          FIRST_PORTS[env.name, family], tool)
              for family in (4, 6)]
    begun = prologue(env, stages, chosen, failed)
    go(env)
    act(stages, begun, chosen, skips, failed)
    return skips, failed


def addresses(environments):
    """(env, ip) -> the host that has it."""
    found = {}
    for env in environments:
        for host in env.hosts.values():
            for ip in host.addresses.values():
                found[env.name, ip] = host.name
    for family in (4, 6):
        for ip, host in zip(INNER[family], "AB"):
            found["V", ip] = host
    return found


def stop(env):
    time.sleep(0.2)
    return {w.name: w.capture.stop(settle=0) for w in env.watches}


def run(directory, tshark, tool, fallback=False, only="", load=True):
    """Everything: an Outcome."""
    begun_at = time.monotonic()
    log = Log(directory / "truth")
    os.chmod(directory / "truth", 0o666)
    chosen = [c for c in cases.every() if re.search(only, c.name)]
    environments = [Environment("L", stage.loopback()),
                    Environment("V", stage.routed())]
    skips, failed, said = [], [], {}

    def go(env):
        env.watches = stage.watch_all(directory, env.name, env.hosts,
                                      fallback)

    def whole(env):
        try:
            parts = play_environment(env, log, chosen, tool, go)
            ended = stop(env)
        finally:
            for w in env.watches:
                w.capture.process.kill()    # if it was not stopped
        return (*parts, ended, [(w.name, w.env, str(w.capture.path),
                                 w.asked_ns, w.ready_ns, w.elsewhere, w.host)
                                for w in env.watches])

    watches = []
    try:
        for fetch in [in_child(whole, env) for env in environments]:
            more_skips, more_failed, ended, seen = fetch()
            skips += more_skips
            failed += more_failed
            said |= ended
            watches += [remembered(*w) for w in seen]
        rate = 0
        if load and re.search(only, pressure.NAME):
            quiet = Environment("load", {"L": environments[0].hosts["L"]})
            # Room for a few seconds in which others have the processors.
            quiet.watches = [stage.watch(directory, "load", quiet.hosts["L"],
                                         "lo", fallback=fallback, buffer=32)]
            quiet.watches[0].name = "load lo"
            rate = pressure.play(stage.Stage(
                "load", quiet.hosts, log, 4, FIRST_PORTS["load", 4], tool))
            said |= stop(quiet)
            watches += quiet.watches
            environments.append(quiet)
    finally:
        stage.close_all()
    played = time.monotonic() - begun_at
    judge = Judge(Model(directory / "truth", addresses(environments)),
                  fallback)
    for w in watches:
        judge.file(w, tshark, THREADS)
    order = [c.name for c in chosen] + [OWN, UNREADABLE,
                                         pressure.NAME]
    order += sorted({name for name, _ in judge.scores} - set(order))
    return Outcome(dict(judge.scores), order, skips, failed, said, rate,
                   (played, time.monotonic() - begun_at))


def remembered(name, env, path, asked, ready, elsewhere, host):
    capture = type("Ended", (), {"path": Path(path)})
    return stage.Watch(name, env, capture, asked, ready, elsewhere, host)


# The table.

ROW = "{:<46} {:>8} {:>8} {:>8} {:>6} {:>8}  {}"


def line(name, s):
    def share(n):
        return f"{100 * n / s.packets:.1f} %" if s.packets else "-"

    reasons = ", ".join(f"{r} {n}" for r, n in sorted(s.reasons.items()))
    return ROW.format(name, s.packets, share(s.named), share(s.right),
                      s.wrong, s.unknown, reasons).rstrip()


def print_table(outcome, by_capture=False, faults=10):
    print(ROW.format("case", "packets", "named", "right", "wrong", "unknown",
                     "reasons of ends that are the kernel's or unknown"))
    scores = outcome.by_case()
    skipped = dict(outcome.skips)
    for name in outcome.order:
        if name in scores:
            print(line(name, scores[name]))
        elif name in skipped:
            print(ROW.format(name, "-", "-", "-", "-", "-",
                             f"skipped: {skipped[name]}").rstrip())
        if by_capture:
            for (case, capture), score in sorted(outcome.scores.items()):
                if case == name:
                    print(line(f"    {capture}", score))
    total = Score()
    for score in scores.values():
        total.add(score)
    print(line("all", total))
    if outcome.rate:
        print(f"load: {outcome.rate:.0f} connections/s")
    for capture, (status, words) in outcome.said.items():
        print(f"capture {capture}: exit {status}, {words.strip()}")
    for name, trace in outcome.failed:
        print(f"not played: {name}\n{trace}")
    for name, score in scores.items():
        for fault in score.faults[:faults]:
            print("fault:", fault)
    print("{:.0f} s to play, {:.0f} s in all".format(*outcome.seconds))


def main():
    a = argparse.ArgumentParser(usage=__doc__)
    for name in ("pktwho", "plugin", "workload"):
        a.add_argument(name)
    a.add_argument("--fallback", action="store_true")
    a.add_argument("--only", default="")
    a.add_argument("--no-load", action="store_true")
    a.add_argument("--by-capture", action="store_true")
    a.add_argument("--faults", type=int, default=0)
    a.add_argument("--keep")
    o = a.parse_args()
    world.need_root()
    world.need("ip", "tshark", "setpriv")
    tshark = Tshark(world.PLUGIN)
    directory = Path(tempfile.mkdtemp(prefix="pktwho-attribution-"))
    directory.chmod(0o755)
    try:
        outcome = run(directory, tshark, o.workload, o.fallback, o.only,
                      not o.no_load)
        print_table(outcome, o.by_capture, o.faults)
    finally:
        tshark.close()
        if o.keep:
            shutil.copytree(directory, o.keep, dirs_exist_ok=True)
        shutil.rmtree(directory)
    return int(bool(outcome.failed))


if __name__ == "__main__":
    sys.exit(main())
