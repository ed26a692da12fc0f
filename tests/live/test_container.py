# SPDX-License-Identifier: GPL-3.0-or-later
"""The image, run by runc as packaging/kubernetes/daemonset.yaml would have it
run: with just those capabilities and folders of the node."""
import json
import os
import re
import shutil
import subprocess
import sys

import world
from world import need, run, wait_for

STATIC = sys.argv.pop(3)
MANIFEST = (world.TESTS.parent / "packaging/kubernetes/daemonset.yaml"
            ).read_text()
NAME = f"pktwho-test-agent{os.getpid()}"


def bind(source, target, *how):
    return {"destination": target, "type": "bind", "source": str(source),
            "options": ["rbind", *how]}


class Container(world.LiveTest):
    def setUp(self):
        self.bundle = self.dir / "bundle"
        root = self.bundle / "rootfs"
        (root / "usr/local/share/pktwho").mkdir(parents=True)
        shutil.copy(STATIC, root / "pktwho")
        shutil.copy(world.TESTS.parent / "share/country.mmdb",
                    root / "usr/local/share/pktwho")
        self.ring = self.dir / "ring"
        self.ring.mkdir()
        self.addCleanup(run, "runc", "delete", "--force", NAME)

    def run_agent(self, ns, *argv):
        path = self.bundle / "config.json"
        path.unlink(missing_ok=True)
        run("runc", "spec", cwd=self.bundle, check=True)
        spec = json.loads(path.read_text())
        caps = ["CAP_" + name for name in re.findall(
            r"^ +- ([A-Z_]+) +#", MANIFEST, re.MULTILINE)]
        self.assertIn("CAP_BPF", caps)
        spec["process"] |= {
            "terminal": False, "args": ["/pktwho", *map(str, argv)],
            "noNewPrivileges": True, "capabilities": {
                kind: caps for kind in ("bounding", "effective", "permitted")}}
        spec["root"]["readonly"] = True
        # hostPID, and for hostNetwork this test's own.
        spec["linux"]["namespaces"] = [
            {"type": "mount"}, {"type": "uts"}, {"type": "ipc"},
            {"type": "network", "path": f"/run/netns/{ns.name}"}]
        for folder, more in re.findall(
                r"mountPath: ([\w/]+)(, readOnly: true)?", MANIFEST):
            source = self.ring if folder == "/var/lib/pktwho" else folder
            if world.Path(source).exists():
                spec["mounts"].append(
                    bind(source, folder, *(["ro"] if more else [])))
        path.write_text(json.dumps(spec))
        return self.start(["runc", "run", NAME], cwd=self.bundle,
                          stderr=subprocess.PIPE)

    def test_a_capture_as_the_daemon_set_runs_it(self):
        ns = self.namespace()
        first = self.run_agent(ns, "--version")
        said = first.communicate(timeout=world.PATIENCE)[1]
        if first.returncode:
            self.skipTest(f"runc does not run here: {said}")
        server = self.tcp_server(within=ns)
        agent = self.run_agent(ns, "record", "-i", "lo")
        self.addCleanup(agent.stderr.close)

        def begun():
            self.assertIsNone(agent.poll(), agent.poll() is not None
                              and agent.stderr.read())
            return any(f.stat().st_size for f in self.ring.glob("*.pcapng"))
        wait_for(begun, "capture")
        ns.run("curl", "-s", f"http://127.0.0.1:{server.told}/", check=True)
        run("runc", "kill", NAME, "INT", check=True)
        agent.communicate(timeout=world.PATIENCE)
        (file,) = self.ring.glob("*.pcapng")
        copy = self.tshark.write("agent.pcapng", file.read_bytes())
        exe = run("readlink", "-f", "/usr/bin/curl").stdout.strip()
        self.assertEqual(
            self.rows(copy, "proc.summary", "proc.src.attr",
                      "proc.src.exepath", where="http.request"),
            [("curl \u2192 python3", "socket", exe)])


if __name__ == "__main__":
    need("runc")
    world.main()
