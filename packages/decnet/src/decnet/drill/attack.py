# SPDX-License-Identifier: MIT
"""Carries out the script, and notes when each deed was done."""

from __future__ import annotations

import asyncio
import enum
import time
from pathlib import Path

import msgspec

from decnet.canary.tokens import Planted
from decnet.cli.errors import CommandError
from decnet.drill import dns, web
from decnet.drill.script import BROWSED_PATHS, BROWSER, SCANNED_PATHS, SCANNER, Script
from decnet.drill.ssh import Door, Ssh
from decnet.drill.target import Target


class Deed(enum.Enum):
    """One part of the attack."""

    GUESSES = "wrong passwords"
    SESSION = "session"
    WEB = "web requests"
    CANARY_HTTP = "canary by HTTP"
    CANARY_DNS = "canary by DNS"


class Bait(msgspec.Struct, frozen=True):
    """The canary tokens of one drill."""

    url: Planted
    name: Planted


class AttackFailed(CommandError):
    """A client saw something that an attacker would not see; the message says what."""


class Attack:
    """The deeds; `done` says when each was done, in seconds of the monotonic clock."""

    def __init__(self, script: Script, target: Target, bait: Bait, directory: Path) -> None:
        self.done: dict[Deed, float] = {}
        self.ssh = Ssh(directory)
        self._script = script
        self._target = target
        self._bait = bait
        self._door = Door(target.shell.address, target.shell.port("ssh") or 0, script.source)

    async def run(self) -> None:
        """Do everything, SSH beside HTTP; what fails on one side does not keep the other from being done."""
        ended = await asyncio.gather(self._by_ssh(), self._by_web(), return_exceptions=True)
        for error in ended:
            if error is not None:
                raise error

    async def _by_ssh(self) -> None:
        user, password = self._target.login
        guesses = (self.ssh.try_password(self._door, user, wrong) for wrong in self._script.wrong_passwords)
        if any(await asyncio.gather(*guesses)):
            raise AttackFailed("a wrong password was let in")
        self._did(Deed.GUESSES)
        shown = await self.ssh.session(self._door, user, password, self._script.commands)
        if f"{self._script.mark}\r\n" not in shown:
            raise AttackFailed(f"the shell of {self._door.address} did not answer as a shell does")
        self._did(Deed.SESSION)

    async def _by_web(self) -> None:
        base = self._target.site
        for agent, paths in ((SCANNER, SCANNED_PATHS), (BROWSER, BROWSED_PATHS)):
            for path in paths:
                await web.get(base + path, source=self._script.source, agent=agent)
        self._did(Deed.WEB)
        await web.get(self._bait.url.place, source=self._script.source, agent=BROWSER)
        self._did(Deed.CANARY_HTTP)
        rcode = await dns.ask(self._bait.name.place, self._target.dns, source=self._script.source)
        if rcode != 0:
            raise AttackFailed(f"the canary's DNS receiver answered with RCODE {rcode}")
        self._did(Deed.CANARY_DNS)

    def _did(self, deed: Deed) -> None:
        self.done[deed] = time.monotonic()
