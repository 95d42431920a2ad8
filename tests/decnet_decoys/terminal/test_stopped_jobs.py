# SPDX-License-Identifier: MIT
"""^Z at a terminal stops what runs, as bash does: it goes on with fg and bg, and can be killed."""

from __future__ import annotations

import pytest
from tests.decnet_decoys.terminal.test_session import PROMPT, READ, Client, at_terminal

from decnet_decoys.shell.state import ShellState

STOPPED = "[1]+  Stopped                 sleep 500"


@pytest.fixture
async def typed(shell: ShellState) -> Client:
    return await at_terminal(shell)


async def stop(typed: Client, line: str) -> str:
    """Enter a line, press ^Z when it runs; return what is shown up to the next prompt."""
    await typed.types(f"{line}\r", f"{line}\r\n{READ}")
    return await typed.types("\x1a")


async def test_a_stopped_command_is_a_job_that_can_be_killed(typed: Client) -> None:
    assert await stop(typed, "sleep 500") == f"^Z\r\n{STOPPED}\r\n{PROMPT}"
    assert f"{READ}148\r\n" in await typed.types("echo $?\r")
    assert f"{STOPPED}\r\n" in await typed.types("jobs\r")
    assert f"{READ}T\r\n" in await typed.types("ps -o stat= -p $!\r")
    await typed.types("kill -9 %1\r")
    assert "Stopped" not in await typed.types("jobs\r")
    await typed.close()


async def test_a_stopped_command_goes_on_in_the_background(typed: Client) -> None:
    await stop(typed, "sleep 500")
    assert f"{READ}[1]+ sleep 500 &\r\n" in await typed.types("bg\r")
    assert "[1]+  Running                 sleep 500 &\r\n" in await typed.types("jobs\r")
    await typed.close()


async def test_a_stopped_command_goes_on_in_the_foreground_and_can_be_stopped_again(typed: Client) -> None:
    await stop(typed, "sleep 500")
    await typed.types("fg\r", f"{READ}sleep 500\r\n")
    assert await typed.types("\x1a") == f"^Z\r\n{STOPPED}\r\n{PROMPT}"
    await typed.types("fg\r", f"{READ}sleep 500\r\n")
    assert await typed.types("\x03") == f"^C\r\n{PROMPT}"
    assert f"jobs\r\n{READ}{PROMPT}" in await typed.types("jobs\r")
    await typed.close()


async def test_what_follows_a_stopped_command_runs_and_a_loop_is_stopped_as_a_whole(typed: Client) -> None:
    assert await stop(typed, "sleep 500; echo next") == f"^Z\r\n{STOPPED}\r\nnext\r\n{PROMPT}"
    shown = await stop(typed, "while :; do sleep 500; done")
    assert "[2]+  Stopped                 while :; do\r\n    sleep 500;\r\ndone\r\n" in shown
    assert shown.count("^Z") == 1
    await typed.close()
