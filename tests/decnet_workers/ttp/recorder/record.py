# SPDX-License-Identifier: MIT
"""Record the events of `recorded/` by attacking real decoys with real clients: ssh, curl, asyncssh.

    python tests/decnet_workers/ttp/recorder/record.py [RULE...]

starts `decnet-decoys` and `decnet-canary` on a state directory of their own, does what `steps.py`, `commands.py` and
`requests.py` list, and writes what they put into their spools. It takes some minutes and is run when rules or decoys
change; the tests read the files.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncssh
from tests.decnet_workers.ttp.recorder.commands import MORE_COMMANDS
from tests.decnet_workers.ttp.recorder.requests import MORE_STEPS
from tests.decnet_workers.ttp.recorder.steps import (
    COMMANDS,
    STEPS,
    Banner,
    Forward,
    Login,
    Request,
    Step,
    Token,
    Upload,
)

from decnet_core.canary import SlugKind, canary_key, mint
from decnet_core.events.catalogue import (
    CanaryHit,
    ClientIdentified,
    CommandRun,
    FileCaptured,
    HttpRequest,
    LoginAttempt,
    Payload,
    ServiceRequest,
)
from decnet_core.events.codec import decode, encode
from decnet_core.events.envelope import Event

RECORDED = Path(__file__).parent.parent / "recorded"
SOURCE = "127.66.0.9"
DECKY, SSH_PORT, HTTP_PORT = "127.77.0.10", 2222, 8080
CANARY = ("127.77.0.1", 8880, 8853)
PASSWORD = "admin123"
WAIT_SECONDS = 8.0
ALL_COMMANDS = COMMANDS | MORE_COMMANDS
ALL_STEPS = STEPS | MORE_STEPS
KINDS: dict[type[object], type[Payload]] = {
    Request: HttpRequest,
    Login: LoginAttempt,
    Banner: ClientIdentified,
    Forward: ServiceRequest,
    Upload: FileCaptured,
    Token: CanaryHit,
}


class Recorder:
    """Attacks what runs on `state` and reads what came of it."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self._askpass = state / "askpass"
        self._askpass.write_text('#!/bin/sh\nprintf "%s\\n" "$WORD"\n')
        self._askpass.chmod(0o700)
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(state / "key")], check=True)

    def events(self) -> list[Event]:
        """Return all events of our address, in the order of their files."""
        files = sorted((self._state / "spool").glob("*/*.jsonl"))
        lines = [line for file in files for line in file.read_bytes().splitlines(keepends=True)]
        found = [decode(line) for line in lines if line.endswith(b"\n")]
        return [event for event in found if event.src_ip == SOURCE]

    def command(self, line: str) -> list[Event]:
        """Run a command line in a shell of a decoy; return its event."""
        known = {event.id for event in self.events()}
        self._ssh("root", PASSWORD, line)
        return self._new(known, CommandRun, lambda payload: isinstance(payload, CommandRun) and payload.command == line)

    def step(self, step: Step) -> list[Event]:
        """Do one thing; return the events of its kind."""
        known = {event.id for event in self.events()}
        match step:
            case Request():
                self._request(step)
            case Login(username, None):
                self._ssh(username, "", "true", "-i", str(self._state / "key"), methods="publickey")
            case Login(username, password):
                self._ssh(username, password or "", "true")
            case Banner(software):
                asyncio.run(introduce(software))
            case Forward(""):
                self._ssh("root", PASSWORD, "nosuchsubsystem", "-s")
            case Forward(target):
                self._ssh("root", PASSWORD, "", "-W", target)
            case Upload(name, text):
                self._ssh("root", PASSWORD, f"cat > {name}", data=text)
            case Token(channel):
                self._token(channel)
        return self._new(known, KINDS[type(step)])

    def _new(
        self, known: set[UUID], kind: type[Payload], chosen: Callable[[Payload], bool] = lambda _: True
    ) -> list[Event]:
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            found = [
                e for e in self.events() if e.id not in known and isinstance(e.payload, kind) and chosen(e.payload)
            ]
            if found or time.monotonic() > deadline:
                return found
            time.sleep(0.05)

    def _ssh(
        self, user: str, word: str, command: str, *options: str, methods: str = "password", data: str = ""
    ) -> None:
        arguments = ["-F", "none", "-b", SOURCE, "-p", str(SSH_PORT), "-o", f"PreferredAuthentications={methods}"]
        for option in ("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "NumberOfPasswordPrompts=1"):
            arguments += ["-o", option]
        environment = {**os.environ, "SSH_ASKPASS": str(self._askpass), "SSH_ASKPASS_REQUIRE": "force", "WORD": word}
        target = [f"{user}@{DECKY}"] if "-W" in options else [f"{user}@{DECKY}", command]
        with contextlib.suppress(subprocess.TimeoutExpired):  # `tail -f` goes on for ever on a decoy, too
            subprocess.run(
                ["ssh", *arguments, *options, *target],
                env=environment,
                input=data.encode(),
                capture_output=True,
                timeout=WAIT_SECONDS,
                check=False,
            )

    def _request(self, request: Request) -> None:
        arguments = ["-s", "-o", "/dev/null", "--interface", SOURCE, "-X", request.method, "--globoff"]
        arguments += ["-H", "User-Agent:" if request.agent is None else f"User-Agent: {request.agent}"]
        for header in request.headers:
            arguments += ["-H", header]
        if request.body is not None:
            arguments += ["--data-binary", request.body]
        arguments += ["--request-target", request.target, f"http://{DECKY}:{HTTP_PORT}/"]
        subprocess.run(["curl", *arguments], capture_output=True, timeout=30, check=False)

    def _token(self, channel: str) -> None:
        host, http, dns = CANARY
        kind = SlugKind.URL if channel == "http" else SlugKind.DNS
        slug = mint(canary_key(self._state / "keys"), kind).text
        if channel == "http":
            subprocess.run(
                ["curl", "-s", "--interface", SOURCE, f"http://{host}:{http}/{slug}"], capture_output=True, check=False
            )
            return
        labels = b"".join(bytes([len(part)]) + part for part in (slug.encode(), b"canary", b"test"))
        query = secrets.token_bytes(2) + b"\x01\x00\x00\x01" + bytes(6) + labels + b"\0\0\x01\0\x01"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.bind((SOURCE, 0))
            client.settimeout(5)
            client.sendto(query, (host, dns))
            client.recv(512)


async def introduce(software: str) -> None:
    """Connect by SSH as a client that names itself `software`, and fail to log in."""
    options: dict[str, Any] = {"local_addr": (SOURCE, 0), "known_hosts": None, "client_keys": None, "config": None}
    name = software.removeprefix("SSH-2.0-")
    with contextlib.suppress(asyncssh.Error, OSError):
        await asyncssh.connect(DECKY, SSH_PORT, username="root", password="x", client_version=name, **options)


@contextmanager
def fleet(state: Path) -> Iterator[None]:
    """Run decoys and canary; wait until they answer."""
    environment = {**os.environ, "DECNET_STATE_DIR": str(state), "DECNET_STATE_SENSOR": "sensor-1"}
    programs = [Path(sys.executable).parent / name for name in ("decnet-decoys", "decnet-canary")]
    processes = [subprocess.Popen([program], env=environment, stderr=subprocess.DEVNULL) for program in programs]
    try:
        for address in ((DECKY, SSH_PORT), (DECKY, HTTP_PORT), CANARY[:2]):
            wait_for(address)
        yield
    finally:
        for process in processes:
            process.terminate()
            process.wait(20)


def wait_for(address: tuple[str, int]) -> None:
    """Return when `address` accepts connections."""
    deadline = time.monotonic() + 30
    while True:
        try:
            with socket.create_connection(address, 1):
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def record(recorder: Recorder, stem: str) -> None:
    """Write both recordings of a rule."""
    commands, steps = ALL_COMMANDS.get(stem, ([], [])), ALL_STEPS.get(stem, ([], []))
    for outcome, lines, others in zip(("fires", "passes"), commands, steps, strict=True):
        found: list[Event] = []
        for line in lines:
            found += told(recorder.command(line), line)
        for step in others:
            found += told(recorder.step(step), step)
        (RECORDED / f"{stem}.{outcome}.jsonl").write_bytes(b"".join(encode(event) + b"\n" for event in found))
        print(f"{stem}.{outcome}: {len(found)}", flush=True)  # noqa: T201


def told(events: Sequence[Event], what: object) -> Sequence[Event]:
    """Complain when nothing was recorded."""
    if not events:
        print(f"nothing recorded of {what!r}", file=sys.stderr, flush=True)  # noqa: T201
    return events


def main() -> None:
    """Record the named rules, or all."""
    stems = sys.argv[1:] or sorted({*ALL_COMMANDS, *ALL_STEPS})
    with tempfile.TemporaryDirectory(prefix="decnet-record-") as directory, fleet(Path(directory)):
        recorder = Recorder(Path(directory))
        for stem in stems:
            record(recorder, stem)


if __name__ == "__main__":
    main()
