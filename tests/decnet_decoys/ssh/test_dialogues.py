# SPDX-License-Identifier: MIT
"""Raw SSH dialogues: what OpenSSH 9.2 and dropbear 2022.83 said in them, as recorded, and what the decoys say.

`python -m tests.decnet_decoys.ssh.dialogues.play` prints a server's part; the oracle tests hold the records against the
real servers.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.decnet_decoys.decky_host import DeckyHost, fleet_settings
from tests.decnet_decoys.ssh.dialogues import real_servers
from tests.decnet_decoys.ssh.dialogues.play import NAMES, Server, differing
from tests.ports import free_port, own_address

RECORDS = Path(__file__).parent / "dialogues"
PERSONAS = {"openssh": ("debian-web", b"root", b"admin123"), "dropbear": ("nas", b"root", b"admin")}
NOT_YET = "the decoy ends the connection where dropbear goes on: to be mended"
AT_ONCE = "a real server that ends has not sent what it had put together in the same turn"
_OF_BOTH = {
    "two channels": "which command ends first is a race",
    "a command that is killed": "the decoy's shell says 128 and the number",
    "an end by a signal": "the same",
    "a command with an error of grammar": "bash names the end of the line",
    "a shell without a terminal": "the real servers here run without PAM and its message of the day",
    "a shell, then a command": "the same",
    "a shell twice": "the same",
    "scp to nowhere": "the decoy takes any target at first",
    "scp from nowhere": "the decoy only receives by scp",
    "scp of nonsense": "the decoy knows one complaint",
    "a close while a command runs": "the real servers close when the command has ended",
    "an end and a close": "the same",
    "a request after the close": "the real server answers before it closes",
    "a channel again": "the same",
}
OTHERWISE = {
    "openssh": _OF_BOTH
    | {
        "pty-req cut short": AT_ONCE,
        "data cut short": AT_ONCE,
        "data with a byte too many": AT_ONCE,
        "a command with NUL": AT_ONCE,
        "a command cut short": AT_ONCE,
        "a command with a byte too many": AT_ONCE,
        "a subsystem cut short": AT_ONCE,
        "a shell with a byte too many": AT_ONCE,
        "a terminal with a byte too many": AT_ONCE,
        "window-change cut short": AT_ONCE,
        "env with NUL": AT_ONCE,
        "env without a value": AT_ONCE,
        "a request without a name": AT_ONCE,
        "break of nothing": AT_ONCE,
        "x11-req cut short": AT_ONCE,
        "a wrong MAC after a login": AT_ONCE,
        "a window that grows beyond 32 bits": AT_ONCE,
        "a channel with a window of 0": "the decoy tells how a command ended after all that it wrote",
        "a window of 3": "the same",
        "a window of 3 that grows": "the same",
        "streamlocal-forward to nowhere": "the decoy listens nowhere",
        "a tunnel to no name": "the decoy asks no name server",
        "a tunnel to a name that is none": "the same",
        "limits": "this machine lets a process have more files than Debian's 1024",
        "sftp, then the end": "whether the end is read before the first answer is a race",
        "an end before a command": "which of its ends is told first is a race",
    },
    "dropbear": _OF_BOTH
    | {
        "an e of one byte": NOT_YET,
        "an e with zeros before it": NOT_YET,
        "message 0 after a login": NOT_YET,
        "message 0 while logging in": NOT_YET,
        "pty-req cut short": AT_ONCE,
        "a packet of 35000 bytes": "dropbear takes no packet of that length before the keys",
        "a thousand names": "dropbear looks at a few names only",
        "method with NUL": "dropbear ends texts at a NUL",
        "a boolean of 2": "dropbear answers before it has read all",
        "a change without the new one": "the same",
        "a signature that is missing": "the same",
        "keys and passwords until it is too much": "dropbear waits longer after each try",
        "data after the end": "dropbear ends over it",
        "data after the close": "the same",
        "data with a byte too many": "dropbear overlooks it",
        "a command with NUL": "dropbear ends texts at a NUL",
        "a command that is not there": "the persona's shell is BusyBox's",
        "a shell with a byte too many": "the persona's shell is BusyBox's",
        "a terminal with a byte too many": "dropbear overlooks it",
        "env without a value": "dropbear overlooks it",
        "an agent twice": "dropbear forwards one",
        "tcpip-forward of a low port": "the decoy listens nowhere",
        "a tunnel to no name": "the decoy asks no name server",
        "a tunnel to a name that is none": "the same",
        "a tunnel to a port too large": "the same",
        "limits": "this machine lets a process have more files than Debian's 1024",
        "sftp, then the end": "whether the end is read before the first answer is a race",
    },
}
"""Dialogues in which the decoys differ, and why."""
QUICK = 8
"""Of the dialogues that a server leaves open, which cost the wait for what it does not say, each of this number."""

UNSTEADY = {"dropbear": {"a signal of HUP"}}
"""What a real server does not always answer as recorded: a command to which the signal came as it began has gone on."""


def recorded(name: str) -> dict[str, list[str]]:
    """Return what the real server said in each dialogue."""
    said: dict[str, list[str]] = json.loads((RECORDS / f"{name}.json").read_text(encoding="ascii"))
    return {title: lines for title, lines in said.items() if title not in OTHERWISE[name]}


def test_every_dialogue_is_recorded_of_both() -> None:
    for name in PERSONAS:
        assert len(set(NAMES)) == len(NAMES)
        assert list(recorded(name)) == [title for title in NAMES if title not in OTHERWISE[name]]
        assert OTHERWISE[name].keys() <= set(NAMES)


async def decoys_say_otherwise(directory: Path, name: str, real: dict[str, list[str]]) -> dict[str, list[str]]:
    persona, user, password = PERSONAS[name]
    host = DeckyHost(directory, fleet_settings(persona, offers=("ssh",)))
    await host.open()
    try:
        server = Server(host.decky.address, host.decky.services["ssh"], user, password)
        return await differing(server, real, (0.4, 2.0, 6.0))
    finally:
        await host.close()


@pytest.mark.parametrize("name", PERSONAS)
async def test_decoys_answer_as_the_real_server_did(tmp_path: Path, name: str) -> None:
    everything = recorded(name)
    left_open = [title for title, lines in everything.items() if lines[-1] == "open"]
    chosen = {title: lines for title, lines in everything.items() if title not in left_open}
    chosen |= {title: everything[title] for title in left_open[::QUICK]}
    assert await decoys_say_otherwise(tmp_path, name, chosen) == {}


@pytest.mark.oracle
@pytest.mark.parametrize("name", PERSONAS)
async def test_all_dialogues_beside_the_real_server(tmp_path: Path, name: str) -> None:
    reason = real_servers.missing()
    if reason:
        pytest.skip(reason)
    address = own_address(60)
    (tmp_path / "real").mkdir()
    async with real_servers.real_server(name, tmp_path / "real", address, free_port(address)) as server:
        steady = {title: said for title, said in recorded(name).items() if title not in UNSTEADY.get(name, ())}
        assert await differing(server, steady, (2.0, 6.0)) == {}
    assert await decoys_say_otherwise(tmp_path, name, recorded(name)) == {}
