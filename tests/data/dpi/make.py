# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the samples of this directory anew; see README.md.

  python3 tests/data/dpi/make.py build/capture/pktwho build/plugin/pktwho.so

Needs root and the Debian packages that tests/live/protocols.py lists.
"""
import os
import shutil
import socket
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
if "PKTWHO_DPI_UTS" not in os.environ:  # banners name their host
    os.execvpe("unshare", ["unshare", "--uts", sys.executable, *sys.argv],
               os.environ | {"PKTWHO_DPI_UTS": "1"})
sys.path.insert(0, str(HERE.parents[1] / "live"))

from protocols import WORKLOADS, World, missing  # noqa: E402
from world import need_root  # noqa: E402


def make(hosts, name, workload):
    path = hosts.dir / f"{name}.pcapng"
    print(name)
    print(hosts.record(workload, path))
    shutil.copy(path, HERE)


def main():
    need_root()
    for workload in WORKLOADS.values():
        if missing(workload):
            sys.exit(f"no package {missing(workload)}")
    os.umask(0o022)
    socket.sethostname("server.example.com")
    with World() as hosts:
        for name, workload in WORKLOADS.items():
            make(hosts, name, workload)


if __name__ == "__main__":
    main()
