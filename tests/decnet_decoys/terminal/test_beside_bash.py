# SPDX-License-Identifier: MIT
"""106 sessions in a terminal by SSH: what OpenSSH 9.2 with bash showed, as recorded, and what the decoy shows.

The oracle test holds the record against the real ones.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.decnet_decoys.decky_host import DeckyHost, fleet_settings
from tests.decnet_decoys.services.dialogues import asking
from tests.decnet_decoys.ssh.dialogues import real_servers
from tests.decnet_decoys.ssh.dialogues.play import Server
from tests.decnet_decoys.terminal.dialogues import play
from tests.decnet_decoys.terminal.dialogues.sessions import SESSIONS
from tests.ports import free_port, own_address

RECORD = Path(__file__).parent / "dialogues" / "bash.json"
_STOPPED = "only a command that waits can be stopped and go on later"
_NESTED = "sh and bash without arguments are the shell that is there, in other words"
_MODES = "the modes that a client asks for, or stty sets, are not those of the terminal"
_WHOLE = "programs but cat and read take their input whole"
_WRAPPED = "the editor does not know where its lines wrap"
_SEARCH = "the search is shown anew for each key"
_SIGNAL = "a command by exec that a key ends has an exit status, and no signal"
OTHERWISE = {
    "^Z within a command": _STOPPED, "cat and ^Z": _STOPPED,
    "bash by -tt": _NESTED, "sh by -tt": _NESTED,
    "stty -echo": _MODES, "stty raw": _MODES, "echo off": _MODES, "no lines": _MODES, "no signals": _MODES,
    "CR stays CR": _MODES, "LF stays LF": _MODES, "no output processing": _MODES, "^X for ^C": _MODES,
    "^H erases": _MODES, "echo off, and a shell": _MODES,
    "head reads a line": _WHOLE, "head by -tt": _WHOLE, "cat without a terminal": _WHOLE,
    "cat without a terminal and ^C": _WHOLE, "bash without a terminal": _WHOLE, "read -n 1": _WHOLE,
    "cat and ^D within a line": "what is typed so far is not handed over",
    "a long line": _WRAPPED, "a long line, edited": _WRAPPED, "a long line, narrow": _WRAPPED,
    "^R": _SEARCH, "^R twice": _SEARCH, "^R of nothing": _SEARCH,
    "cat by -tt and ^C": _SIGNAL, "sleep by -tt and ^C": _SIGNAL, "sleep by -tt and ^\\": _SIGNAL,
    "read -s": "the end of a line that is not echoed is shown",
    "stty size, resized": "the prompt is not shown anew, and COLUMNS not set",
    "the arrow up": "a line that is the same as the one before is remembered once",
    "a paste": "what is pasted is taken as typed",
    "control keys": "a key after ^V is taken as any other",
    "a shell without a terminal": "errors name no line",
    "a window of nothing": "a window has five rows and twenty columns at least",
}  # fmt: skip
"""Sessions in which the decoy shows something else, and why."""
UNSTEADY = {"a command in the background", "^Z within a command"}
"""Bash tells of its end before the next prompt, or before the one after that."""


def recorded() -> dict[str, list[str]]:
    return asking.recorded(RECORD, SESSIONS)


async def otherwise(directory: Path) -> dict[str, list[str]]:
    """Return what a decoy shows otherwise."""
    host = DeckyHost(directory, fleet_settings(offers=("ssh",)))
    await host.open()
    try:
        server = Server(host.decky.address, host.decky.services["ssh"], b"root", b"admin123")
        return await play.differing(server, recorded(), (0.4, 2.5))
    finally:
        await host.close()


async def test_the_decoy_shows_what_bash_did(tmp_path: Path) -> None:
    assert set(await otherwise(tmp_path)) == set(OTHERWISE)


@pytest.mark.oracle
async def test_bash_shows_what_is_recorded(tmp_path: Path) -> None:
    if real_servers.missing():
        pytest.skip(real_servers.missing())
    address = own_address(69)
    async with play.shell_of_root(tmp_path, address, free_port(address)) as server:
        said = {name: shown for name, shown in recorded().items() if name not in UNSTEADY}
        assert await play.differing(server, said, (1.0, 4.0)) == {}
