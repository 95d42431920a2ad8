# SPDX-License-Identifier: MIT
from __future__ import annotations

import asyncio
from collections.abc import Awaitable

import pytest
from tests.decnet_decoys.plain_channel import MemoryChannel, Notes

from decnet_decoys.terminal.terminal import MAX_UNREAD, ClientGoneError, Terminal


def opened(*, pty: bool = False, idle_seconds: float = 60.0) -> tuple[Terminal, MemoryChannel]:
    channel = MemoryChannel()
    return Terminal(channel, pty=pty, idle_seconds=idle_seconds), channel


async def begun(work: Awaitable[object]) -> asyncio.Future[object]:
    """Start `work` and let it run until it waits."""
    future = asyncio.ensure_future(work)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return future


async def test_what_was_sent_is_read_in_order_and_once() -> None:
    terminal, _ = opened()
    terminal.data_received(b"ab")
    terminal.data_received(b"cd")
    assert await terminal.read() == b"abcd"
    terminal.unread(b"d")
    terminal.data_received(b"e")
    assert await terminal.read() == b"de"


async def test_a_reader_waits_for_input() -> None:
    terminal, _ = opened()
    reading = await begun(terminal.read())
    assert not reading.done()
    terminal.data_received(b"x")
    assert await reading == b"x"


async def test_the_end_of_input_is_empty_after_what_came_before_it() -> None:
    terminal, _ = opened()
    terminal.data_received(b"last")
    terminal.eof_received()
    assert await terminal.read() == b"last"
    assert await terminal.read() == b""
    await terminal.write(b"output still goes")


async def test_a_client_that_left_ends_reading_writing_and_pausing() -> None:
    terminal, _ = opened()
    reading = await begun(terminal.read())
    terminal.connection_lost()
    with pytest.raises(ClientGoneError):
        await reading
    for work in (terminal.read(), terminal.write(b"x"), terminal.pause(5)):
        with pytest.raises(ClientGoneError):
            await work


async def test_a_silent_client_is_gone() -> None:
    terminal, _ = opened(idle_seconds=0.01)
    with pytest.raises(ClientGoneError):
        await terminal.read()


async def test_a_client_that_does_not_read_holds_the_writer_and_is_gone_in_the_end() -> None:
    terminal, channel = opened(idle_seconds=0.05)
    terminal.pause_writing()
    writing = await begun(terminal.write(b"one"))
    assert not writing.done()
    terminal.resume_writing()
    await writing
    terminal.pause_writing()
    with pytest.raises(ClientGoneError):
        await terminal.write(b"two")
    assert channel.shown == b"onetwo"


async def test_a_flood_stops_the_channel_until_it_is_read() -> None:
    terminal, channel = opened()
    paused = []
    for size in (MAX_UNREAD, 1):
        terminal.data_received(bytes(size))
        paused.append(channel.paused)
    await terminal.read()
    assert [*paused, channel.paused] == [False, True, False]


async def test_a_flood_that_is_dropped_lets_the_channel_go_on() -> None:
    terminal, channel = opened(pty=True)
    terminal.data_received(bytes(MAX_UNREAD + 1))
    assert (len(terminal.take_waiting()), channel.paused) == (MAX_UNREAD + 1, False)
    pausing = await begun(terminal.pause(60))
    terminal.data_received(bytes(MAX_UNREAD) + b"\x03")
    assert await pausing is True
    assert not channel.paused


@pytest.mark.parametrize(("pty", "shown"), [(True, b"a\r\nb\r\n"), (False, b"a\nb\r\n")])
async def test_only_a_pty_turns_line_ends_into_cr_lf(pty: bool, shown: bytes) -> None:
    terminal, channel = opened(pty=pty)
    await terminal.write(b"a\nb\r\n")
    assert channel.shown == shown


@pytest.mark.parametrize(("pty", "apart"), [(True, b""), (False, b"no\n")])
async def test_errors_go_apart_only_without_a_pty(pty: bool, apart: bytes) -> None:
    terminal, channel = opened(pty=pty)
    await terminal.write(b"no\n", error=True)
    assert channel.errors == apart


async def test_control_c_ends_a_pause_and_is_not_read_as_input() -> None:
    terminal, _ = opened(pty=True)
    pausing = await begun(terminal.pause(60))
    terminal.data_received(b"junk\x03next")
    assert await pausing is True
    assert await terminal.read() == b"next"


async def test_control_c_is_a_byte_like_others_without_a_pty() -> None:
    terminal, _ = opened()
    terminal.data_received(b"\x03")
    assert await terminal.pause(0.001) is False
    assert await terminal.read() == b"\x03"


async def test_a_signal_ends_a_pause_and_leaves_the_input() -> None:
    terminal, _ = opened()
    terminal.data_received(b"input")
    pausing = await begun(terminal.pause(60))
    terminal.interrupt()
    assert await pausing is True
    assert await terminal.read() == b"input"


async def test_a_pause_of_nothing_is_not_interrupted() -> None:
    terminal, _ = opened()
    terminal.interrupt()
    assert await terminal.pause(0) is False


async def test_both_directions_are_recorded_but_not_the_bytes_of_a_transfer() -> None:
    terminal, channel = opened(pty=True)
    notes = terminal.recording = Notes()
    terminal.data_received(b"id\r")
    await terminal.write(b"root\n")
    await terminal.write_raw(b"\0\n")
    assert channel.shown == b"root\r\n\0\n"
    assert notes.kept == [("i", b"id\r"), ("o", b"root\r\n")]
