# SPDX-License-Identifier: GPL-3.0-or-later
"""The cases: what happens.  What is true of it, the workloads log.

A case is a function of a Stage.  If it is a generator, it runs up to its
yield before the captures start.
"""
import inspect
from dataclasses import dataclass
from typing import Callable


@dataclass
class Case:
    number: int
    title: str
    play: Callable
    families: tuple
    threads: bool

    @property
    def name(self):
        return f"{self.number} {self.title}"

    @property
    def starts_before(self):
        return inspect.isgeneratorfunction(self.play)


CASES = []


def case(number, title, families=(4, 6), threads=False):
    """*threads*: option 8's thread is compared too."""
    def add(play):
        CASES.append(Case(number, title, play, families, threads))
        return play
    return add


def every():
    from . import (before, handover, icmp, identity, kernel,  # noqa: F401
                   tcp, transports, tunnels, udp)
    return sorted(CASES, key=lambda c: c.number)
