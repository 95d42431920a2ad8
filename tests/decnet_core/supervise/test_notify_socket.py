# SPDX-License-Identifier: MIT
"""The receiving side of sd_notify."""

import asyncio
import os

from hypothesis import given
from hypothesis import strategies as st

from decnet_core.runtime.notify import Notifier, parse
from decnet_core.supervise.notify_socket import NotifySocket


@given(st.binary(max_size=300))
def test_any_datagram_is_parsed(datagram: bytes) -> None:
    assert all(isinstance(name, str) and name for name in parse(datagram))


def test_assignments_are_read() -> None:
    assert parse(b"READY=1\nSTATUS=a=b\nnonsense\n=x\n") == {"READY": "1", "STATUS": "a=b"}


async def test_notification_tells_the_sender_as_the_kernel_knows_it() -> None:
    heard: asyncio.Queue[tuple[int, dict[str, str]]] = asyncio.Queue()
    signs = NotifySocket(lambda pid, said, _: heard.put_nowait((pid, said)))
    try:
        Notifier(signs.address).send("READY=1")
        assert await asyncio.wait_for(heard.get(), 120) == (os.getpid(), {"READY": "1"})
    finally:
        signs.close()
