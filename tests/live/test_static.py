# SPDX-License-Identifier: GPL-3.0-or-later
"""The static program captures where there is nothing but itself."""
import shutil
import signal
import subprocess
import sys

import world
from world import run, wait_for

STATIC = sys.argv.pop(3)


class Static(world.LiveTest):
    def test_in_an_empty_root(self):
        ns = self.namespace()
        server = self.tcp_server(within=ns)
        root = self.dir / "root"
        for name in ("proc", "sys"):
            (root / name).mkdir(parents=True)
        shutil.copy(STATIC, root / "pktwho")
        path = root / "got.pcapng"
        capture = self.start(
            ns.argv("unshare", "--mount", "sh", "-c",
                    "mount --bind /proc proc && mount --rbind /sys sys &&"
                    " exec chroot . /pktwho -q -i lo -w /got.pcapng"),
            cwd=root, stderr=subprocess.PIPE)
        self.addCleanup(capture.stderr.close)
        wait_for(lambda: path.exists() and path.stat().st_size, "capture")
        ns.run("curl", "-s", f"http://127.0.0.1:{server.told}/", check=True)
        capture.send_signal(signal.SIGINT)
        said = capture.communicate(timeout=world.PATIENCE)[1]
        self.assertEqual((capture.returncode, said), (0, ""))
        path.chmod(0o644)
        rows = self.rows(path, "proc.summary", "proc.src.attr",
                         "proc.src.exepath", where="http.request")
        exe = run("readlink", "-f", "/usr/bin/curl").stdout.strip()
        self.assertEqual(rows, [("curl \u2192 python3", "socket", exe)])

    def test_it_needs_no_library(self):
        headers = run("readelf", "-lW", STATIC, check=True).stdout
        self.assertNotIn("INTERP", headers)


if __name__ == "__main__":
    world.main()
