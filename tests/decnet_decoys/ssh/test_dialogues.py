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
OTHERWISE = {
    "pty-req cut short": "a real server that ends has not sent what it had put together in the same turn",
}
"""Dialogues in which the decoys differ, and why."""
QUICK = 8
"""Of the dialogues that a server leaves open, which cost the wait for what it does not say, each of this number."""


def recorded(name: str) -> dict[str, list[str]]:
    """Return what the real server said in each dialogue."""
    said: dict[str, list[str]] = json.loads((RECORDS / f"{name}.json").read_text(encoding="ascii"))
    return {title: lines for title, lines in said.items() if title not in OTHERWISE}


def test_every_dialogue_is_recorded_of_both() -> None:
    for name in PERSONAS:
        assert list(recorded(name)) == [title for title in NAMES if title not in OTHERWISE]


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
        assert await differing(server, recorded(name), (2.0, 6.0)) == {}
    assert await decoys_say_otherwise(tmp_path, name, recorded(name)) == {}
