# SPDX-License-Identifier: MIT
import asyncio
import os
import resource
import socket

import pytest

from decnet_core.net.inherited import close_all
from decnet_core.runtime.stored_sockets import MOST_IN_PACKET, _read_all
from decnet_core.supervise.fork import socket_store
from decnet_core.supervise.fork.socket_store import SocketStore

STORE = {"FDSTORE": "1", "FDNAME": "a"}


@pytest.fixture
def limited(monkeypatch: pytest.MonkeyPatch) -> int:
    """A process that may keep three."""
    monkeypatch.setattr(socket_store, "_MOST", 3)
    return 3


def descriptors(count: int) -> list[int]:
    return [os.open("/dev/null", os.O_RDONLY) for _ in range(count)]


def is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def test_what_is_removed_or_cleared_is_closed() -> None:
    store, first, second = SocketStore(), descriptors(2), descriptors(1)
    store.on_notify(STORE, first)
    store.on_notify({**STORE, "FDNAME": "b"}, second)
    store.on_notify({"FDSTOREREMOVE": "1", "FDNAME": "a"}, [])
    assert len(store) == 1
    assert not any(map(is_open, first))
    store.clear()
    assert len(store) == 0
    assert not is_open(second[0])


def test_what_there_is_no_room_for_is_closed_and_said_once(limited: int, caplog: pytest.LogCaptureFixture) -> None:
    store, kept, others = SocketStore(), descriptors(limited), [descriptors(1), descriptors(2)]
    store.on_notify(STORE, kept)
    for numbers in others:
        store.on_notify(STORE, numbers)
    assert len(store) == limited
    assert all(map(is_open, kept))
    assert not any(is_open(number) for numbers in others for number in numbers)
    assert len(caplog.records) == 1
    assert store.refused == 3
    store.clear()


def test_the_limit_of_open_files_is_raised_for_it() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 4096:
        pytest.skip(f"this account may not open 4096 files, only {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))
    try:
        store = SocketStore()
        store.on_notify(STORE, descriptors(5))
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 1024
        store.clear()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_they_are_sent_without_copies_of_them() -> None:
    """As many again might be more than this process may have."""
    store = SocketStore()
    store.on_notify(STORE, descriptors(200))
    before = len(os.listdir("/proc/self/fd"))
    with store.channel() as channel:
        assert len(os.listdir("/proc/self/fd")) == before + 2
        came = await asyncio.to_thread(_read_all, channel)
    assert len(came["a"]) == 200
    close_all(came["a"])
    store.clear()


async def test_what_is_removed_meanwhile_is_not_sent() -> None:
    store = SocketStore()
    store.on_notify(STORE, descriptors(MOST_IN_PACKET))
    store.on_notify({**STORE, "FDNAME": "b"}, descriptors(2))
    with store.channel() as channel:
        store.on_notify({"FDSTOREREMOVE": "1", "FDNAME": "a"}, [])
        came = await asyncio.to_thread(_read_all, channel)
    assert {name: len(numbers) for name, numbers in came.items()} == {"b": 2}
    close_all(came["b"])
    store.clear()


async def test_a_reader_that_goes_away_leaves_nothing_open() -> None:
    store = SocketStore()
    store.on_notify(STORE, descriptors(200))
    before = len(os.listdir("/proc/self/fd"))
    channel = store.channel()
    assert isinstance(channel, socket.socket)
    channel.close()
    async with asyncio.timeout(120):
        while len(os.listdir("/proc/self/fd")) != before:
            await asyncio.sleep(0.02)
    store.clear()
