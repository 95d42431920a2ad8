# SPDX-License-Identifier: MIT
"""Decoys played for real on loopback with clients to attack them, and shells driven without waiting."""

from __future__ import annotations

import asyncio
import gc
import os
import shutil
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest
from tests.decnet_decoys.host_key_files import give_host_keys
from tests.ports import free_port, own_address

from decnet_core.bus.memory import MemoryBus
from decnet_core.events.catalogue import Payload
from decnet_core.events.codec import decode
from decnet_core.events.envelope import Event
from decnet_core.runtime.context import Context
from decnet_core.settings import Settings
from decnet_core.spool.settings import SpoolSettings
from decnet_core.spool.writer import SpoolWriter
from decnet_core.state import State
from decnet_decoys.http.profile import HttpProfile
from decnet_decoys.personas.catalog import names, persona
from decnet_decoys.personas.siblings import Identity, sibling
from decnet_decoys.services.listener import Listener
from decnet_decoys.settings import DeckySettings, DecoysSettings, LimitSettings
from decnet_decoys.shell.effects import (
    AskKeys,
    AskLine,
    Captured,
    Effect,
    Pause,
    Print,
    ReadAll,
    Requested,
    Steps,
    Turn,
)
from decnet_decoys.shell.environment.origin import Origin
from decnet_decoys.shell.interpreter import Interpreter
from decnet_decoys.shell.machine.machine import Machine
from decnet_decoys.shell.state import ShellState
from decnet_decoys.ssh.profile import SshProfile
from decnet_decoys.worker import Decoys

NOW = 1_795_000_000
ORIGIN = Origin("192.0.2.7", 40000, 22, daemon="sshd", daemon_title="sshd: root [priv]")
DEADLINE = 120.0
T = TypeVar("T")
ASK_PASS = '#!/bin/sh\nprintf "%s\\n" "$DECOY_PASSWORD"\n'


@dataclass
class Played:
    """What a line did."""

    text: str = ""
    errors: str = ""
    status: int = 0
    turns: int = 0
    pauses: list[float] = field(default_factory=list)
    captured: list[Captured] = field(default_factory=list)
    requested: list[Requested] = field(default_factory=list)


class Player:
    """Drives a shell without waiting; questions are answered from `answers`."""

    def __init__(self, shell: ShellState, answers: tuple[bytes | None, ...] = ()) -> None:
        self.shell = shell
        self.interpreter = Interpreter(shell)
        self.answers = list(answers)

    def __call__(self, line: str, stdin: bytes | None = None) -> Played:
        played, effects, reply = Played(), self.interpreter.run(line, stdin), None
        while True:
            try:
                effect: Effect = effects.send(reply)
            except StopIteration as end:
                played.status = end.value
                return played
            reply = self._perform(effect, played)

    def _perform(self, effect: Effect, played: Played) -> bytes | None:
        if isinstance(effect, Print):
            text = effect.data.decode("utf-8", "backslashreplace")
            played.errors += text if effect.error else ""
            played.text += "" if effect.error else text
        elif isinstance(effect, Pause):
            played.pauses.append(effect.seconds)
        elif isinstance(effect, AskLine | AskKeys | ReadAll):
            return self.answers.pop(0) if self.answers else None
        elif isinstance(effect, Captured):
            played.captured.append(effect)
        elif isinstance(effect, Turn):
            played.turns += 1
        else:
            played.requested.append(effect)
        return None


def outcome(steps: Steps[T]) -> T:
    """Return what a part of the shell finds, without waiting between its turns."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]  # a generator's value is untyped


def apart(machine: Machine) -> Machine:
    """Return the machine as it is, sharing no condition with it: no test may meet the host name that another set."""
    return machine._replace(condition=deepcopy(machine.condition), secrets=dict(machine.secrets))


def root_shell(machine: Machine, user: str = "root", terminal: str | None = "xterm") -> ShellState:
    machine = apart(machine)
    account = machine.user(user)
    assert account is not None
    return ShellState(machine, account, lambda: float(NOW), ORIGIN, terminal=terminal)


WITH_SHELL = tuple(name for name in names() if persona(name).family)
"""The personas that somebody can log in to."""
WITH_SSH = tuple(name for name in names() if persona(name).profile(SshProfile))


def ssh_profile(name: str) -> SshProfile:
    profile = persona(name).profile(SshProfile)
    assert profile is not None
    return profile


def http_profile(name: str) -> HttpProfile:
    """Return what a decky of the settings, which has no seed, serves."""
    profile = sibling(persona(name), Identity("web-01", "10.20.0.10")).profile(HttpProfile)
    assert profile is not None
    return profile


class DeckyHost:
    """A worker `decoys` that plays in this event loop, and clients to attack it."""

    def __init__(self, directory: Path, settings: DecoysSettings) -> None:
        self.directory = directory
        self.state = State(directory / "state")
        self.state.create("decoys")
        self.settings = settings
        give_host_keys(self.state, *(decky.name for decky in settings.decky))
        self.worker = Decoys(settings)
        self.ctx = Context(
            worker="decoys",
            state=self.state,
            sensor="test",
            settings=Settings({}, {}, "test"),
            bus=MemoryBus(),
            spool=SpoolWriter(self.state.spool / "decoys", SpoolSettings()),
            produces=Decoys.produces,
        )

    @property
    def decky(self) -> DeckySettings:
        return self.settings.decky[0]

    @property
    def url(self) -> str:
        return f"http://{self.decky.address}:{self.decky.services['http']}"

    @property
    def listeners(self) -> list[Listener]:
        assert self.worker._played is not None
        return [listener for several in self.worker._played._listeners.values() for listener in several]

    async def open(self) -> None:
        """Start the worker, in whose process no garbage collection looks at what was there before it.

        Neither does one here: to look through all modules and tests takes 0.1 s, for which a client would be blamed.
        """
        gc.freeze()
        await self.worker.start(self.ctx)

    async def close(self) -> None:
        await self.worker.stop(self.ctx)
        await self.ctx.close()
        gc.unfreeze()

    def events(self, kind: type[Payload] | None = None) -> list[Event]:
        return events_in(self.state, kind)

    async def until(self, kind: type[Any], count: int = 1) -> list[Any]:
        """Wait until that many events of a kind are in the spool; return their payloads."""
        async with asyncio.timeout(DEADLINE):
            while len(found := self.events(kind)) < count:
                await asyncio.sleep(0.02)
        return [event.payload for event in found]

    async def until_counted(self, counter: str, count: float) -> None:
        """Wait until the worker's counter has reached that."""
        async with asyncio.timeout(DEADLINE):
            while self.ctx.counters.snapshot().get(counter, 0) < count:
                await asyncio.sleep(0.01)

    async def ssh(
        self,
        *arguments: str,
        user: str = "root",
        password: str = "admin123",
        stdin: bytes | None = b"",
        program: str = "ssh",
        options: tuple[str, ...] = (),
    ) -> tuple[int, bytes, bytes]:
        process = await asyncio.create_subprocess_exec(
            *self.ssh_command(program, user, arguments, options),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=self.environment(password),
        )
        try:
            out, err = await asyncio.wait_for(process.communicate(stdin), DEADLINE)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        return process.returncode or 0, out, err

    def ssh_command(
        self, program: str, user: str, arguments: tuple[str, ...], first: tuple[str, ...] = ()
    ) -> list[str]:
        """Return the client's command line; of an option given twice ssh takes the first."""
        binary = shutil.which(program)
        if binary is None:
            pytest.skip(f"no {program} on this machine")
        options = [
            *[word for option in first for word in ("-o", option)],
            "-o", "StrictHostKeyChecking=no", "-o", f"UserKnownHostsFile={self.directory / 'known_hosts'}",
            "-o", "LogLevel=ERROR", "-o", "NumberOfPasswordPrompts=1", "-o", "PubkeyAuthentication=no", "-F", "none",
        ]  # fmt: skip
        port = str(self.decky.services["ssh"])
        if program == "ssh":
            return [binary, *options, "-p", port, f"{user}@{self.decky.address}", *arguments]
        filled = [argument.replace("DECOY:", f"{user}@{self.decky.address}:") for argument in arguments]
        return [binary, *options, "-P", port, *filled]

    def environment(self, password: str) -> dict[str, str]:
        script = self.directory / "askpass"
        script.write_text(ASK_PASS)
        script.chmod(0o700)
        return os.environ | {
            "SSH_ASKPASS": str(script),
            "SSH_ASKPASS_REQUIRE": "force",
            "DISPLAY": "",
            "DECOY_PASSWORD": password,
        }

    async def curl(self, path: str, *arguments: str) -> bytes:
        binary = shutil.which("curl")
        if binary is None:
            pytest.skip("no curl on this machine")
        process = await asyncio.create_subprocess_exec(
            binary, "-sS", "--path-as-is", "--max-time", "10", *arguments, self.url + path,
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, _ = await process.communicate()
        assert process.returncode == 0
        return out


def events_in(state: State, kind: type[Payload] | None = None) -> list[Event]:
    lines: list[bytes] = []
    for file in sorted((state.spool / "decoys").glob("*.jsonl")):
        lines += [line for line in file.read_bytes().split(b"\n")[:-1] if line]
    events = [decode(line) for line in lines]
    return [event for event in events if kind is None or isinstance(event.payload, kind)]


def fleet_settings(
    name: str = "debian-web", limits: LimitSettings | None = None, offers: tuple[str, ...] = ("ssh", "http")
) -> DecoysSettings:
    address = own_address(10)
    services = {service: free_port(address) for service in offers}
    decky = DeckySettings(name="web-01", address=address, persona=name, services=services)
    return DecoysSettings(decky=(decky,), failure_delay_ms=0, limits=limits or LimitSettings())
