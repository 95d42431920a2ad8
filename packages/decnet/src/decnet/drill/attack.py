# SPDX-License-Identifier: MIT
"""Carries out the script, and notes when each action was done."""

import asyncio
import enum
import time
from pathlib import Path

import msgspec

from decnet.canary.tokens import Planted
from decnet.cli.errors import CommandError
from decnet.drill import dns, web
from decnet.drill.greeting import greet
from decnet.drill.script import BROWSED_PATHS, BROWSER, SCANNED_PATHS, SCANNER, Script
from decnet.drill.ssh import Ssh, SshEndpoint
from decnet.drill.target import Target


class Action(enum.Enum):
    """One part of the attack."""

    GUESSES = "wrong passwords"
    SESSION = "session"
    WEB = "web requests"
    CANARY_HTTP = "canary by HTTP"
    CANARY_DNS = "canary by DNS"
    OTHERS = "other services"


class Bait(msgspec.Struct, frozen=True):
    """The canary tokens of one drill."""

    url: Planted
    name: Planted


class AttackFailed(CommandError):
    """A client saw something that an attacker would not see; the message says what."""


class Attack:
    """Runs the actions; `done` holds when each was done, in seconds of the monotonic clock."""

    def __init__(self, script: Script, target: Target, bait: Bait, directory: Path) -> None:
        self.done: dict[Action, float] = {}
        self.ssh = Ssh(directory)
        self._script = script
        self._target = target
        self._bait = bait
        self._shell_server = SshEndpoint(target.shell.address, target.shell.port("ssh") or 0, script.source)

    async def run(self) -> None:
        """Run all actions, SSH in parallel to HTTP; a failure on one side does not stop the other."""
        ended = await asyncio.gather(self._by_ssh(), self._by_web(), self._by_others(), return_exceptions=True)
        for error in ended:
            if error is not None:
                raise error

    async def _by_ssh(self) -> None:
        user, password = self._target.login
        guesses = (self.ssh.try_password(self._shell_server, user, wrong) for wrong in self._script.wrong_passwords)
        if any(await asyncio.gather(*guesses)):
            raise AttackFailed("a wrong password was accepted")
        self._note(Action.GUESSES)
        shown = await self.ssh.session(self._shell_server, user, password, self._script.commands)
        if f"{self._script.mark}\r\n" not in shown:
            raise AttackFailed(f"the shell of {self._shell_server.address} did not answer as a shell does")
        self._note(Action.SESSION)

    async def _by_web(self) -> None:
        base = self._target.site
        for agent, paths in ((SCANNER, SCANNED_PATHS), (BROWSER, BROWSED_PATHS)):
            for path in paths:
                await web.get(base + path, source=self._script.source, agent=agent)
        self._note(Action.WEB)
        await web.get(self._bait.url.place, source=self._script.source, agent=BROWSER)
        self._note(Action.CANARY_HTTP)
        rcode = await dns.ask(self._bait.name.place, self._target.dns, source=self._script.source)
        if rcode != 0:
            raise AttackFailed(f"the canary's DNS receiver answered with RCODE {rcode}")
        self._note(Action.CANARY_DNS)

    async def _by_others(self) -> None:
        for service, decky in self._target.others:
            await greet(service, decky.address, decky.port(service) or 0, source=self._script.source)
        self._note(Action.OTHERS)

    def _note(self, action: Action) -> None:
        self.done[action] = time.monotonic()
