# SPDX-License-Identifier: MIT
"""A client that compresses what it sends (RFC 4253 §6.2): it costs no more than one that does not."""

from __future__ import annotations

import asyncio
import contextlib
import zlib
from typing import Any

import asyncssh
import pytest
from tests.decnet_decoys.decky_host import DEADLINE, DeckyHost
from tests.decnet_decoys.ssh.test_login import connecting

from decnet_decoys.ssh.behaviour.compression import MOST_BYTES, STREAMS_BYTES, Inflater

IGNORE = 2
"""SSH_MSG_IGNORE (RFC 4253 §11.2)."""


def compressing(host: DeckyHost) -> Any:
    return connecting(host, password="admin123", compression_algs=["zlib@openssh.com"])


async def test_a_client_that_compresses_is_served_as_any_other(host: DeckyHost) -> None:
    async with compressing(host) as connection:
        connection.send_packet(IGNORE, bytes(MOST_BYTES - 8))
        assert (await connection.run("seq 1 20000")).stdout == "".join(f"{number}\n" for number in range(1, 20001))
        assert (await connection.run("cat", input="x" * 100_000)).stdout == "x" * 100_000


async def test_a_packet_that_holds_more_than_any_may_ends_the_connection(host: DeckyHost) -> None:
    async with compressing(host) as connection:
        await connection.run("id")
        with contextlib.suppress(asyncssh.Error, ConnectionError):
            connection.send_packet(IGNORE, bytes(16 << 20))
        await asyncio.wait_for(connection.wait_closed(), DEADLINE)
    async with compressing(host) as connection:
        assert (await connection.run("id -u")).stdout == "0\n"


async def test_the_streams_are_held_under_the_memory_budget_from_the_login_to_the_end(host: DeckyHost) -> None:
    size = host.settings.limits.memory_bytes
    async with compressing(host) as connection:
        await connection.run("id")
        assert host.ctx.counters.snapshot()["decoys_memory_left"] <= size - STREAMS_BYTES
    async with asyncio.timeout(DEADLINE):
        while host.ctx.counters.snapshot()["decoys_memory_left"] <= size - STREAMS_BYTES:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("size", [1, 1000, MOST_BYTES])
def test_what_a_packet_may_hold_is_inflated(size: int) -> None:
    stream, inflater = zlib.compressobj(), Inflater()
    for content in (b"a" * size, b"b" * size):
        assert inflater.decompress(stream.compress(content) + stream.flush(zlib.Z_SYNC_FLUSH)) == content


def test_more_than_a_packet_may_hold_is_not_inflated() -> None:
    assert Inflater().decompress(zlib.compress(bytes(64 << 20))) is None
    assert Inflater().decompress(b"no stream of zlib's") is None
