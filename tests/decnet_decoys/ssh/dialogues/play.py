# SPDX-License-Identifier: MIT
"""Plays the dialogues with a server, each from a source of its own, and returns what it said in each.

`python -m tests.decnet_decoys.ssh.dialogues.play ADDRESS PORT USER PASSWORD QUIET_SECONDS` prints it.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
from collections.abc import Mapping, Sequence

from tests.decnet_decoys.services.dialogues import asking
from tests.decnet_decoys.ssh.dialogues import connected, dialogues, logging_in, opening
from tests.decnet_decoys.ssh.dialogues.play_steps import Step
from tests.decnet_decoys.ssh.dialogues.raw_client import RawClient, kexinit
from tests.decnet_decoys.ssh.dialogues.transcript import first_line, rest_of

AT_ONCE = 16
KEYS_SECONDS = 3.0
"""More than a server that changes the keys takes for it."""
SOURCE = "127.78.{}.{}"
_numbers = itertools.count(1)
BEFORE_KEYS = dialogues.BEFORE_KEYS | opening.BEFORE_KEYS
BEFORE_LOGIN: dict[str, Sequence[Step]] = {**dialogues.BEFORE_LOGIN, **logging_in.BEFORE_LOGIN}
AFTER_LOGIN: dict[str, Sequence[Step]] = {**dialogues.AFTER_LOGIN, **connected.AFTER_LOGIN}


class Server:
    """Where a server is, and who may log in."""

    def __init__(self, address: str, port: int, user: bytes, password: bytes) -> None:
        self.address, self.port, self.user, self.password = address, port, user, password

    async def client(self) -> RawClient:
        number = next(_numbers)
        return await RawClient.connected(self.address, self.port, SOURCE.format(number // 250, number % 250 + 1))


async def clear(server: Server, sends: Sequence[bytes], quiet: float) -> list[str]:
    """Play a dialogue without keys."""
    client = await server.client()
    try:
        for data in sends:
            client.write_eof() if data == opening.END else client.write(data)
        return [*await first_line(client, quiet), *await rest_of(client, quiet)]
    finally:
        client.close()


async def keyed(server: Server, sends: Sequence[Step], quiet: float, *, offer: bytes = dialogues.EXT) -> list[str]:
    """Play a dialogue with keys and without a login."""
    client = await server.client()
    try:
        await client.start(kexinit(kex=offer))
        await client.exchange_keys(strict=b"strict" in offer)
        return await _sent(client, sends, quiet)
    finally:
        client.close()


async def logged_in(server: Server, sends: Sequence[Step], quiet: float) -> list[str]:
    """Play a dialogue after a login."""
    client = await server.client()
    try:
        await client.start(kexinit())
        await client.exchange_keys()
        await client.log_in(server.user, server.password)
        return await _sent(client, sends, quiet)
    finally:
        client.close()


async def _sent(client: RawClient, sends: Sequence[Step], quiet: float) -> list[str]:
    """Send payloads, and return what the server says."""
    for step in sends:
        client.send(step) if isinstance(step, bytes) else step(client)
    return await rest_of(client, quiet)


async def keys_again(server: Server, quiet: float, *, login: bool) -> list[str]:
    """Change the keys, and go on."""
    client = await server.client()
    lines = []
    try:
        await client.start(kexinit(kex=dialogues.EXT))
        await client.exchange_keys()
        if login:
            await client.log_in(server.user, server.password)
        else:
            client.send(dialogues.SERVICE)
        lines = await rest_of(client, quiet)
        try:
            async with asyncio.timeout(quiet + KEYS_SECONDS):
                await client.exchange_keys_again()
        except (ConnectionError, TimeoutError):
            return [*lines, "no new keys"]
        client.send(dialogues.OPEN if login else dialogues.NONE)
        return [*lines, "new keys", *await rest_of(client, quiet)]
    finally:
        client.close()


async def play(server: Server, name: str, quiet: float) -> list[str]:
    """Play the dialogue of that name."""
    if name in BEFORE_KEYS:
        return await clear(server, BEFORE_KEYS[name], quiet)
    if name in BEFORE_LOGIN:
        return await keyed(server, BEFORE_LOGIN[name], quiet)
    if name in AFTER_LOGIN:
        return await logged_in(server, AFTER_LOGIN[name], quiet)
    if name.startswith("strict keys"):
        return await keyed(server, [dialogues.SERVICE, dialogues.NONE], quiet, offer=dialogues.STRICT)
    return await keys_again(server, quiet, login="after" in name)


NAMES = (
    *BEFORE_KEYS, *BEFORE_LOGIN, *AFTER_LOGIN,
    "strict keys, then a login", "new keys before a login", "new keys after a login",
)  # fmt: skip


async def played(server: Server, names: Sequence[str], quiet: float) -> dict[str, list[str]]:
    """Return what a server says in each dialogue; it is asked a few at once."""

    async def one(name: str) -> list[str]:
        try:
            return await play(server, name, quiet)
        except (OSError, EOFError, TimeoutError) as error:
            return [f"failed: {type(error).__name__}"]

    return await asking.at_once(one, names, AT_ONCE)


async def differing(server: Server, real: Mapping[str, list[str]], waits: Sequence[float]) -> dict[str, list[str]]:
    """Return what a server says otherwise than the real one; asked again, with more time, where it does."""
    return await asking.differing(lambda names, quiet: played(server, names, quiet), real, waits)


def main() -> None:
    """Print what a server says."""
    address, port, user, password = sys.argv[1:5]
    server = Server(address, int(port), user.encode(), password.encode())
    said = asyncio.run(played(server, NAMES, float(sys.argv[5])))
    json.dump(said, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
