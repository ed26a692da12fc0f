# SPDX-License-Identifier: GPL-3.0-or-later
"""Case 11: under load, with a capture of its own."""
import os
import subprocess

NAME = "11 2,000 connections/s, both cores busy"
PER_SECOND, SECONDS = 2000, 5


def play(stage):
    """Short-lived clients and four workers, while two loops eat the cores."""
    stage.case = NAME
    os.set_inheritable(stage.log.fd, True)
    done = subprocess.run(
        stage.near.ns.argv(stage.tool, "load", stage.log.fd, stage.env, NAME,
                           stage.near.name, stage.target, stage.port(),
                           PER_SECOND, SECONDS),
        pass_fds=(stage.log.fd,), text=True, capture_output=True, timeout=180)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return PER_SECOND * SECONDS * 1000 / int(done.stdout)
