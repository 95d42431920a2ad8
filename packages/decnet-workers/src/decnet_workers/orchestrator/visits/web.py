# SPDX-License-Identifier: MIT
"""A visit to a decky's site: pages by HTTP/1.1, each on a connection of its own, following the links found."""

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable

from decnet_workers.orchestrator.scripts import WebScript
from decnet_workers.orchestrator.visits.announced import SessionError

PAGE_SECONDS = 15.0
LARGEST_PAGE = 256 * 1024
"""Bytes of an answer that are read."""
_LINK = re.compile(rb'(?:href|src)="(/[^"#?/][^"#?\s]{0,199})"')

Connect = Callable[[], Awaitable[socket.socket]]


async def visit(connect: Connect, host: str, script: WebScript) -> int:
    """Fetch the script's pages; return how many there were. Raises SessionError, OSError, TimeoutError."""
    path, seen = "/", 0
    for pause, choice in zip(script.pauses, script.choices, strict=True):
        await asyncio.sleep(pause)
        links = links_in(await _page(await connect(), host, path, script.user_agent))
        seen += 1
        if not links:
            break
        path = links[int(choice * len(links))]
    return seen


def links_in(answer: bytes) -> list[str]:
    """Return the paths on the same site that a page links to, each once."""
    return list(dict.fromkeys(found.decode("latin-1") for found in _LINK.findall(answer)))


async def _page(sock: socket.socket, host: str, path: str, user_agent: str) -> bytes:
    loop, answer = asyncio.get_running_loop(), bytearray()
    request = (
        f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {user_agent}\r\nAccept: */*\r\nConnection: close\r\n\r\n"
    )
    with sock:
        async with asyncio.timeout(PAGE_SECONDS):
            await loop.sock_sendall(sock, request.encode("latin-1", "replace"))
            while len(answer) < LARGEST_PAGE and (data := await loop.sock_recv(sock, 16 * 1024)):
                answer += data
    if not answer.startswith(b"HTTP/1."):
        raise SessionError(f"{host} did not answer in HTTP")
    return bytes(answer)
