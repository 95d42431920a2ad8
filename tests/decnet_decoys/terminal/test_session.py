# SPDX-License-Identifier: MIT
"""Shells played over channels that are not SSH: a pair of sockets, and memory."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from tests.decnet_decoys.decky_host import ORIGIN, root_shell
from tests.decnet_decoys.plain_channel import MemoryChannel, Notes, over_socket

from decnet_decoys.memory_budget import MemoryBudget
from decnet_decoys.shell.call import Call
from decnet_decoys.shell.login import logged_in
from decnet_decoys.shell.machine.machine import Machine
from decnet_decoys.shell.machine.overlays import Overlay, OverlayStore
from decnet_decoys.shell.programs import Program, programs
from decnet_decoys.shell.state import ShellState
from decnet_decoys.terminal.session import ShellSession
from decnet_decoys.terminal.terminal import ClientGoneError, Terminal

DEADLINE = 120.0
PROMPT = "\x1b[?2004hroot@web-01:~# "
READ = "\x1b[?2004l\r"
"""What readline sends when it has read a line."""


@dataclass
class Client:
    """Someone at a terminal on a socket."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    notes: Notes
    playing: asyncio.Task[int]

    async def sees(self, text: str) -> str:
        shown = await asyncio.wait_for(self.reader.readuntil(text.encode()), DEADLINE)
        return shown.decode()

    async def types(self, text: str, until: str = PROMPT) -> str:
        self.writer.write(text.encode())
        return await self.sees(until)

    async def left(self) -> int:
        """Wait until the shell has ended; return its exit status."""
        return await asyncio.wait_for(self.playing, DEADLINE)

    async def close(self) -> None:
        self.writer.close()
        await asyncio.wait([self.playing], timeout=DEADLINE)
        await self.reader.read()


async def at_terminal(shell: ShellState) -> Client:
    channel, reader, writer = await over_socket(pty=True)
    notes = Notes()
    channel.terminal.recording = notes
    session = ShellSession(shell, channel.terminal, notes)

    async def play() -> int:
        try:
            return await session.interactive()
        finally:
            channel.close()

    client = Client(reader, writer, notes, asyncio.create_task(play()))
    await client.sees(PROMPT)
    return client


@pytest.fixture
async def client(shell: ShellState) -> AsyncIterator[Client]:
    one = await at_terminal(shell)
    yield one
    await one.close()


async def run(shell: ShellState, line: str, *chunks: bytes) -> tuple[int, MemoryChannel, Notes]:
    """Run one command as `exec` does, with `chunks` as its standard input."""
    channel, notes = MemoryChannel(), Notes()
    terminal = Terminal(channel, pty=False, idle_seconds=60.0)
    shell.terminal = None
    for chunk in chunks:
        terminal.data_received(chunk)
    terminal.eof_received()
    return await ShellSession(shell, terminal, notes).run(line), channel, notes


async def test_a_socket_is_a_terminal_like_any_other(client: Client) -> None:
    assert await client.types("id -u\r") == f"id -u\r\n{READ}0\r\n{PROMPT}"
    assert await client.types("nosuch\r") == f"nosuch\r\n{READ}-bash: nosuch: command not found\r\n{PROMPT}"
    assert client.notes.commands == [("id -u", True), ("nosuch", False)]
    assert await client.types("exit 3\r", "\n") == "exit 3\r\n"
    assert await client.left() == 3
    assert ("i", b"id -u\r") in client.notes.kept


async def test_a_shell_over_a_socket_has_nothing_of_ssh(client: Client) -> None:
    assert "SSH" not in await client.types("env\r")


async def test_end_of_input_logs_out(client: Client) -> None:
    assert await client.types("\x04", "logout\r\n") == f"{READ}\r\nlogout\r\n"
    assert await client.left() == 0


async def test_a_greeting_is_the_distributions(shell: ShellState) -> None:
    channel, notes = MemoryChannel(), Notes()
    terminal = Terminal(channel, pty=True, idle_seconds=60.0)
    terminal.eof_received()
    await ShellSession(shell, terminal, notes).interactive()
    assert channel.shown.startswith(b"Linux web-01 ")
    assert b"\r\nLast login: " in channel.shown


async def test_a_command_of_several_lines_is_one(client: Client) -> None:
    await client.types("for i in 1 2\r", "> ")
    await client.types("do echo n$i\r", "> ")
    assert await client.types("done\r") == f"done\r\n{READ}n1\r\nn2\r\n{PROMPT}"
    assert client.notes.commands == [("for i in 1 2\ndo echo n$i\ndone", True)]


async def test_control_c_drops_the_line_and_the_lines_before_it(client: Client) -> None:
    assert await client.types("rm -rf\x03") == f"^C{READ}\x1b[?2004h{READ}\r\n{PROMPT}"
    await client.types("echo 'open\r", "> ")
    await client.types("more\x03")
    assert client.notes.commands == []


async def test_control_c_interrupts_a_command(client: Client, shell: ShellState) -> None:
    await client.types("sleep 600\r", READ)
    client.writer.write(b"\x03")
    assert await client.sees(PROMPT) == f"^C\r\n{PROMPT}"
    assert await client.types("echo $?\r") == f"echo $?\r\n{READ}130\r\n{PROMPT}"


async def test_a_password_is_asked_for_and_not_shown(client: Client) -> None:
    await client.types("passwd\r", "New password: ")
    assert await client.types("s3cret\r", "Retype new password: ") == "\r\nRetype new password: "
    assert "updated successfully" in await client.types("s3cret\r")


async def test_what_is_typed_until_control_d_is_standard_input(client: Client) -> None:
    await client.types("cat > /tmp/f\r", "\n")
    await client.types("one\rtwo\r", "two\r\n")
    await client.types("\x04")
    assert client.notes.files == [("/tmp/f", b"one\ntwo\n")]


async def test_tab_completes_and_up_recalls(client: Client) -> None:
    assert await client.types("cat /etc/hostn\t\r") == f"cat /etc/hostname \r\n{READ}web-01\r\n{PROMPT}"
    assert "web-01\r\n" in await client.types("\x1b[A\r")


async def test_a_client_that_hangs_up_ends_the_session(client: Client) -> None:
    client.writer.transport.abort()
    assert await client.left() == 0


async def test_a_channel_that_is_lost_ends_what_runs(shell: ShellState) -> None:
    terminal = Terminal(MemoryChannel(), pty=True, idle_seconds=60.0)
    playing = asyncio.create_task(ShellSession(shell, terminal, Notes()).interactive())
    terminal.data_received(b"sleep 600\r")
    await asyncio.sleep(0)
    terminal.connection_lost()
    with pytest.raises(ClientGoneError):
        await asyncio.wait_for(playing, DEADLINE)


async def test_a_script_that_is_piped_into_a_shell_keeps_its_exclamation_marks(shell: ShellState) -> None:
    channel, notes = MemoryChannel(), Notes()
    terminal = Terminal(channel, pty=False, idle_seconds=60.0)
    terminal.data_received(b'echo "done!now"\n^a^b\n')
    terminal.eof_received()
    await asyncio.wait_for(ShellSession(shell, terminal, notes).interactive(), DEADLINE)
    assert channel.shown == b"done!now\n"
    assert [line for line, _ in notes.commands] == ['echo "done!now"', "^a^b"]


async def test_a_command_has_its_output_errors_and_status(shell: ShellState) -> None:
    status, channel, notes = await run(shell, "echo out; ls /nosuch")
    assert (status, channel.shown) == (2, b"out\n")
    assert channel.errors == b"ls: cannot access '/nosuch': No such file or directory\n"
    assert notes.commands == [("echo out; ls /nosuch", True)]


async def test_what_is_piped_in_is_standard_input(shell: ShellState) -> None:
    status, channel, notes = await run(shell, "cat > /tmp/p; wc -c < /tmp/p", b"\x7fELF", b"\xff\0")
    assert (status, channel.shown) == (0, b"6\n")
    assert notes.files == [("/tmp/p", b"\x7fELF\xff\0")]


async def test_commands_that_read_lines_share_what_is_piped_in(shell: ShellState) -> None:
    _, channel, _ = await run(shell, "read a; read b; echo $b $a; read c; echo $?", b"o", b"ne\ntwo\n")
    assert channel.shown == b"two one\n1\n"


async def test_network_requests_are_recorded(shell: ShellState) -> None:
    _, _, notes = await run(shell, "nslookup c2.example")
    assert notes.requests == [("resolve", {"program": "nslookup", "name": "c2.example"})]


async def test_an_empty_line_is_nothing(shell: ShellState) -> None:
    assert (await run(shell, "  "))[2].commands == []


async def test_a_command_that_raises_is_counted_and_ends_only_itself(
    shell: ShellState, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_call: Call) -> int:
        raise ZeroDivisionError

    monkeypatch.setitem(programs(), "uptime", Program(broken, "/usr/bin", ("debian",)))
    status, _, notes = await run(shell, "uptime")
    assert (status, notes.failures) == (1, 1)
    assert (await run(shell, "echo on"))[1].shown == b"on\n"


async def test_a_line_that_computes_too_long_is_killed(shell: ShellState, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("decnet_decoys.terminal.processor_time.LINE_SECONDS", 0.0)
    status, channel, _ = await run(shell, "echo never")
    assert (status, channel.shown) == (137, b"Killed\n")


async def test_others_get_their_turns_while_a_line_computes(shell: ShellState, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("decnet_decoys.terminal.processor_time.LINE_SECONDS", 0.5)
    others = 0

    async def other() -> None:
        nonlocal others
        while True:
            await asyncio.sleep(0)
            others += 1

    beside = asyncio.create_task(other())
    await run(shell, "yes | grep n | wc -l")
    beside.cancel()
    assert others > 20


async def test_a_session_that_computes_too_much_slows_down_and_ends(
    shell: ShellState, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("decnet_decoys.terminal.processor_time.FULL_SPEED_SECONDS", 0.0)
    monkeypatch.setattr("decnet_decoys.terminal.processor_time.SHARE", 0.5)
    monkeypatch.setattr("decnet_decoys.terminal.processor_time.SESSION_SECONDS", 0.1)
    used, began = time.thread_time(), time.monotonic()
    status, channel, notes = await run(shell, "while true; do yes | sort | wc -l; done")
    assert time.monotonic() - began > 1.5 * (time.thread_time() - used) - 0.05
    assert (status, channel.shown[-7:], notes.limits, shell.finished) == (137, b"Killed\n", ["session"], True)


async def test_more_input_than_there_is_memory_for_is_dropped_and_given_back(machine: Machine) -> None:
    budget = MemoryBudget(1 << 20)
    with logged_in(machine, OverlayStore(budget), budget, "root", ORIGIN, command="wc -c") as shell:
        _, channel, _ = await run(shell, "wc -c", bytes(900_000), bytes(900_000))
        assert int(channel.shown) < 1 << 20
    assert budget.left == 1 << 20


async def test_history_is_bounded_and_starts_with_the_personas(machine: Machine) -> None:
    shell = root_shell(machine)
    before = len(shell.history.lines)
    await run(shell, "id " + "x" * 9000)
    assert len(shell.history.lines[-1]) == 4096
    assert len(shell.history.lines) == before + 1


async def test_a_file_is_edited_over_the_terminal(client: Client) -> None:
    await client.types("vi /tmp/new\r", "[New]")
    await client.types("iline\x1b:wq\r")
    assert "line\r\n" in await client.types("cat !$\r")


async def test_what_was_entered_is_in_the_history_of_the_next_session(machine: Machine) -> None:
    overlay = Overlay(machine)

    def next_shell() -> ShellState:
        return ShellState(machine, machine.users[0], time.time, ORIGIN, terminal="xterm", overlay=overlay)

    for line in ("echo planted", "unset HISTFILE; echo secret"):
        client = await at_terminal(next_shell())
        await client.types(f"{line}\r")
        client.writer.write(b"exit\r")
        await client.left()
        await client.close()
    assert "echo planted" in next_shell().history.lines
    assert not [line for line in next_shell().history.lines if "secret" in line]
