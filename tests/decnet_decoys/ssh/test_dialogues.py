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
from tests.decnet_decoys.ssh.dialogues.otherwise import OTHERWISE
from tests.decnet_decoys.ssh.dialogues.play import NAMES, Server, differing
from tests.ports import free_port, own_address

RECORDS = Path(__file__).parent / "dialogues"
PERSONAS = {"openssh": ("debian-web", b"root", b"admin123"), "dropbear": ("nas", b"root", b"admin")}
QUICK = 8
"""Of the dialogues that a server leaves open, which cost the wait for what it does not say, each of this number."""

UNSTEADY = {
    "dropbear": {"a signal of HUP"},
    "openssh": {"packets of one byte", "an end before a command", "a packet of 34,000 bytes of data"},
}
"""What a real server does not always answer as recorded: a command to which the signal came as it began has gone on.

What ends first, of a command's input, output and process, is a race in OpenSSH's."""


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
    everything = {title: lines for title, lines in recorded(name).items() if title not in UNSTEADY[name]}
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
    steady = {title: said for title, said in recorded(name).items() if title not in UNSTEADY.get(name, ())}
    async with real_servers.real_server(name, tmp_path / "real", address, free_port(address)) as server:
        assert await differing(server, steady, (2.0, 6.0)) == {}
    assert await decoys_say_otherwise(tmp_path, name, steady) == {}
