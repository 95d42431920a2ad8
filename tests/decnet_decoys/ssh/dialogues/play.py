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
from tests.decnet_decoys.ssh.dialogues import (
    clients,
    connected,
    dialogues,
    logging_in,
    opening,
    rarer_login,
    rarer_opening,
    rarer_session,
)
from tests.decnet_decoys.ssh.dialogues.play_steps import HEAR, ClearStep, Dialogue, Step, new_keys
from tests.decnet_decoys.ssh.dialogues.raw_client import RawClient
from tests.decnet_decoys.ssh.dialogues.transcript import first_line, rest_of

AT_ONCE = 16
LONGEST_SECONDS = 20.0
"""What a dialogue takes at most beside its waits."""
SOURCE = "127.78.{}.{}"
_numbers = itertools.count(1)
BEFORE_KEYS: dict[str, Sequence[ClearStep]] = {
    **dialogues.BEFORE_KEYS,
    **opening.BEFORE_KEYS,
    **rarer_opening.DIALOGUES,
    **clients.BEFORE_KEYS,
}
BEFORE_LOGIN: dict[str, Sequence[Step]] = {**dialogues.BEFORE_LOGIN, **logging_in.BEFORE_LOGIN}
AFTER_LOGIN: dict[str, Sequence[Step]] = {**dialogues.AFTER_LOGIN, **connected.AFTER_LOGIN}


class Server:
    """Where a server is, and who may log in."""

    def __init__(self, address: str, port: int, user: bytes, password: bytes) -> None:
        self.address, self.port, self.user, self.password = address, port, user, password

    async def client(self) -> RawClient:
        number = next(_numbers)
        return await RawClient.connected(self.address, self.port, SOURCE.format(number // 250, number % 250 + 1))


async def clear(server: Server, sends: Sequence[ClearStep], quiet: float) -> list[str]:
    """Play a dialogue without keys."""
    client = await server.client()
    try:
        lines: list[str] = []
        for data in (*sends, HEAR):
            if data == HEAR:
                lines += [*([] if lines else await first_line(client, quiet)), *await rest_of(client, quiet)]
                if lines[-1] == "closed":
                    break
            elif data == opening.END:
                client.write_eof()
            else:
                client.write(data)
        return lines
    finally:
        client.close()


async def keyed(server: Server, dialogue: Dialogue, quiet: float) -> list[str]:
    """Play a dialogue with keys."""
    client = await server.client()
    client.user, client.password = server.user, server.password
    try:
        await client.start(dialogue.offer())
        await client.exchange_keys()
        if dialogue.login:
            await client.log_in(server.user, server.password)
        return await _sent(client, dialogue.steps, quiet)
    finally:
        client.close()


async def _sent(client: RawClient, sends: Sequence[Step], quiet: float) -> list[str]:
    """Take the steps, and return what the server says."""
    lines: list[str] = []
    for step in sends:
        if isinstance(step, bytes):
            client.send(step)
        elif step == HEAR:
            lines += await rest_of(client, quiet)
            if lines.pop() == "closed":
                return [*lines, "closed"]
        else:
            heard = step(client)
            lines += [] if heard is None else await heard
            if lines[-1:] == ["no new keys"]:
                return lines
    return [*lines, *await rest_of(client, quiet)]


def keys_again(*, login: bool) -> Dialogue:
    """Change the keys, and go on."""
    after = dialogues.OPEN if login else dialogues.NONE
    begin: list[Step] = [] if login else [dialogues.SERVICE]
    return Dialogue([*begin, HEAR, new_keys(), after], login=login, kex=dialogues.EXT)


KEYED: dict[str, Dialogue] = {
    **{name: Dialogue(steps, kex=dialogues.EXT) for name, steps in BEFORE_LOGIN.items()},
    **{name: Dialogue(steps, login=True) for name, steps in AFTER_LOGIN.items()},
    "strict keys, then a login": Dialogue([dialogues.SERVICE, dialogues.NONE], kex=dialogues.STRICT),
    "new keys before a login": keys_again(login=False),
    "new keys after a login": keys_again(login=True),
    **rarer_login.DIALOGUES,
    **rarer_session.DIALOGUES,
    **clients.KEYED,
}


async def play(server: Server, name: str, quiet: float) -> list[str]:
    """Play the dialogue of that name."""
    if name in BEFORE_KEYS:
        return await clear(server, BEFORE_KEYS[name], quiet)
    return await keyed(server, KEYED[name], quiet)


NAMES = (*BEFORE_KEYS, *KEYED)


async def played(server: Server, names: Sequence[str], quiet: float) -> dict[str, list[str]]:
    """Return what a server says in each dialogue; it is asked a few at once."""

    async def one(name: str) -> list[str]:
        try:
            async with asyncio.timeout(LONGEST_SECONDS + 10 * quiet):
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
