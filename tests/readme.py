# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs what README shows without an output, as an ordinary user of the group.

  unshare --net python3 tests/readme.py README.md USER

is how tests/packages.sh does that, where the packages are installed, in a folder
with samples/.  The host is alone with another one, web1, which has a web server
and sshd; there is a screen for Wireshark, and USER may use sudo.
"""
import json
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from terminal import Terminal

README = Path(sys.argv[1]).read_text()
USER = sys.argv[2]
HOME = Path.cwd()
WEB1 = ("nsenter", "--net=/run/netns/web1")
ASK = ('import socket; s = socket.socket(2, 2); '
       's.sendto(bytes.fromhex("000101000001000000000000'
       '076578616d706c65036e65740000010001"), ("192.0.2.1", 53))')
WEB = """
import http.server, ssl, sys
address, port, *tls = sys.argv[1:]
server = http.server.ThreadingHTTPServer(
    (address, int(port)), http.server.SimpleHTTPRequestHandler)
if tls:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*tls)
    server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
"""
started = []


def call(*argv):
    subprocess.run([str(word) for word in argv], check=True)


def start(*argv, **options):
    started.append(subprocess.Popen(
        [str(word) for word in argv], stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, **options))


def as_user(command):
    return ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--init-groups",
            "env", f"HOME={HOME}", f"USER={USER}", "DISPLAY=:9", "bash", "-c",
            command]


def wait_for(condition, what, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"{what} within {seconds} s")
        time.sleep(0.2)


def answer(command):
    """What it prints; it must succeed."""
    done = subprocess.run(as_user(command), capture_output=True, text=True)
    assert done.returncode == 0, (command, done.stderr)
    return done.stdout


# ---- two hosts ----

def connect():
    call("ip", "link", "set", "lo", "up")
    call("ip", "netns", "add", "web1")
    call("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "eth0",
         "netns", "web1")
    for where, address in (((), "192.0.2.10/24"), (WEB1, "192.0.2.1/24")):
        call(*where, "ip", "address", "add", address, "dev", "eth0")
        call(*where, "ip", "link", "set", "eth0", "up")
        call(*where, "ip", "link", "set", "lo", "up")


def serve():
    for file in ("/run/key", "/run/user_key"):
        call("rm", "-f", file, f"{file}.pub")
        call("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file)
    answer("openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=192.0.2.1 "
           "-keyout tls.key -out tls.pem")
    Path("/run/web").write_text(WEB)
    Path("/run/sshd").mkdir(exist_ok=True)
    start(*WEB1, "python3", "/run/web", "192.0.2.1", 80, cwd="/usr/share/doc")
    start(*WEB1, "python3", "/run/web", "192.0.2.1", 443,
          HOME / "tls.pem", HOME / "tls.key", cwd="/usr/share/doc")
    start(*WEB1, "/usr/sbin/sshd", "-D", "-f", "/dev/null", "-h", "/run/key",
          "-o", "UsePAM=no", "-o", "AuthorizedKeysFile=/run/user_key.pub",
          "-o", "StrictModes=no")
    # The name of a process is that of its file.
    call("cp", Path(sys.executable).resolve(), "/run/nginx")
    start("/run/nginx", "/run/web", "192.0.2.10", 80, cwd="/usr/share/doc")
    start("Xvfb", ":9", "-ac", "-screen", "0", "1400x900x24")


def furnish():
    """What a user has at home who may use another host."""
    (HOME / ".curlrc").write_text("insecure\nsilent\n")
    (HOME / ".ssh").mkdir(exist_ok=True)
    (HOME / ".ssh/config").write_text(
        f"Host web1\n HostName 192.0.2.1\n IdentityFile {HOME}/.ssh/key\n"
        " StrictHostKeyChecking accept-new\n")
    call("cp", "/run/user_key", HOME / ".ssh/key")
    call("chown", "-R", f"{USER}:", HOME / ".ssh")


def talk():
    """All the time, until the end."""
    while started:
        for command in (["wget", "-qO-", "http://192.0.2.1/"],
                        ["curl", "-sk", "https://192.0.2.1/"],
                        ["python3", "-c", ASK],
                        [*WEB1, "wget", "-qO-", "http://192.0.2.10/"]):
            subprocess.run(["timeout", "3", *command], capture_output=True)
        time.sleep(0.1)


# ---- what is shown ----

def capture(words, seconds=4):
    """What it says, with ^C after a while; without sudo where that is not needed."""
    if not re.search("--netns|record|cut", words):
        words = words.removeprefix("sudo ")
    process = subprocess.Popen(
        as_user(words.replace("://...", "://192.0.2.1/")), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    try:
        said = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        call("kill", "-INT", "--", f"-{process.pid}")
        said = process.communicate(timeout=60)
    assert process.returncode == 0, (words, process.returncode, *said)
    return said[0]


def finds(path, what):
    """A check: the filter finds packets of the file that was captured."""
    def check(words):
        (HOME / path).unlink(missing_ok=True)   # two commands write all.pcapng
        capture(words)
        call("chown", USER, HOME / path)
        found = answer(f"tshark -r {path} -Y '{what}' -T fields -e proc.name")
        assert found.strip(), (words, what)
    return check


def prints(pattern):
    def check(words):
        said = capture(words)
        assert re.search(pattern, said), (words, said)
    return check


def logs(words):
    events = [json.loads(line) for line in capture(words).splitlines()]
    assert any(event["source"].get("process", {}).get("name") == "wget"
               for event in events), events


def shows(text):
    """In the terminal."""
    def check(words):
        screen = Terminal(as_user(words.removeprefix("sudo ")))
        screen.shows(text)
        status, said = screen.end()
        assert status == 0, (words, said)
    return check


def windows():
    return subprocess.run(["xwininfo", "-display", ":9", "-root", "-tree"],
                          capture_output=True, text=True).stdout


def window(title):
    """Wireshark's, with that in its title."""
    def check(words):
        process = subprocess.Popen(
            as_user(words.removeprefix("sudo ")), start_new_session=True,
            stdout=subprocess.DEVNULL)
        try:
            wait_for(lambda: re.search(title, windows()), words)
            time.sleep(2)
            assert process.poll() is None, words
        except AssertionError:
            print(windows(), file=sys.stderr)
            raise
        finally:
            subprocess.run(["kill", "-KILL", "--", f"-{process.pid}"])
            process.wait()
    return check


def records(words):
    capture(words, seconds=6)


CAPTURES = {
    "sudo pktwho -i any -w all.pcapng":
        finds("all.pcapng", 'proc.name == "wget"'),
    "sudo pktwho --print -i any port 53":
        prints(r"(?m)^python3\[\d+\] > .*192\.0\.2\.1\.53"),
    "sudo pktwho -w get.pcapng -- wget http://...":
        finds("get.pcapng", 'proc.name == "wget" && http'),
    "sudo pktwho --keylog -w tls.pcapng -- curl https://...":
        finds("tls.pcapng", 'proc.name == "curl" && http'),
    "sudo pktwho -i eth0 --proc nginx -w web.pcapng":
        finds("web.pcapng", 'proc.src.name == "nginx" && http'),
    "sudo pktwho --netns all -w all.pcapng":
        finds("all.pcapng", 'proc.name == "wget"'),
    "sudo pktwho -i eth0 -w - | wireshark -C pktwho -k -i -":
        window(r"Capturing from (Standard input|-)\""),
    "sudo pktwho top": shows("wget"),
    "pktwho top --remote web1": shows("python3"),
    "sudo pktwho record": records,
    "sudo pktwho cut --last 10m --proc curl -w x.pcapng":
        finds("x.pcapng", 'proc.name == "curl"'),
    "sudo pktwho log -i any": logs,
    "pktwho --remote web1 --remote-sudo -w web1.pcapng":
        finds("web1.pcapng", 'proc.src.name == "python3" && http'),
}
OTHERS = {
    "pktwho top -r samples/countries.pcapng": shows("! firefox-esr"),
    "wireshark -C pktwho samples/countries.pcapng": window("countries.pcapng"),
    "tshark -i pktwho:eth0": None,
}


def try_captures():
    (block,) = re.findall(r"## First capture\n\n((?:    .*\n)+)", README)
    lines = [line.strip() for line in block.splitlines()]
    assert len(lines) == len(CAPTURES), lines
    for line, (words, check) in zip(lines, CAPTURES.items()):
        print("  ", words, flush=True)
        assert line.startswith(f"{words} "), (line, words)
        check(words)


def try_others():
    flat = " ".join(README.split())
    for words, check in OTHERS.items():
        print("  ", words, flush=True)
        assert words in flat, words
        if check:
            check(words)
    assert "wget" in answer("tshark -i pktwho:eth0 -a duration:4 -T fields "
                            "-e proc.name")


def try_filters():
    """Of the table, and the counts after -z."""
    (table,) = re.findall(r"\| filter \| finds \|\n\|.*\n((?:\|.*\n)+)", README)
    filters = re.findall(r"^\| `(.*?)` \|", table, re.MULTILINE)
    counts = set(re.findall(r"-z [a-z]+,[a-z]+(?:,[a-z]+)*", README))
    assert len(filters) >= 6 and len(counts) >= 5, (filters, counts)
    for one in filters:
        answer(f"tshark -r samples/countries.pcapng -Y '{one}'")
    for one in counts:
        assert answer(f"tshark -q -r samples/countries.pcapng {one}"), one
    print(f"   {len(filters)} filters, {len(counts)} counts")


def main():
    connect()
    serve()
    furnish()
    threading.Thread(target=talk, daemon=True).start()
    try:
        try_captures()
        try_others()
        try_filters()
    finally:
        for process in started:
            process.kill()
            process.wait()
        started.clear()
        call("ip", "netns", "del", "web1")


if __name__ == "__main__":
    main()
