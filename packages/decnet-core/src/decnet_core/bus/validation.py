# SPDX-License-Identifier: MIT
"""Validation shared by all buses: subjects and patterns, headers, and replies that mean "no responders"."""

import asyncio
from collections.abc import Iterable, Mapping

from decnet_core.bus.inbox import Inbox
from decnet_core.bus.interface import BusError, Message, NoResponders
from decnet_core.bus.protocol import headers as header_block
from decnet_core.bus.protocol.match import is_pattern, is_queue, is_subject


def check_publish(subject: str, reply: str | None) -> None:
    """Raise BusError unless `subject` and `reply` are subjects."""
    for given in (subject,) if reply is None else (subject, reply):
        if not is_subject(given):
            raise BusError(f"{given!r} is no subject to publish to: tokens joined by dots, no space, no wildcard")


def check_subscribe(pattern: str, queue: str | None) -> None:
    """Raise BusError unless `pattern` is a pattern and `queue` can name a group."""
    if not is_pattern(pattern):
        raise BusError(f"{pattern!r} is no pattern: tokens joined by dots, no space, '>' only at the end")
    if queue is not None and not is_queue(queue):
        raise BusError(f"{queue!r} cannot name a queue group: no space, not empty")


def encode_headers(headers: Mapping[str, str] | None) -> bytes:
    """Return the header block for `headers`, empty when there are none; BusError when the wire cannot carry them."""
    if not headers:
        return b""
    try:
        return header_block.encode(headers.items())
    except ValueError as error:
        raise BusError(str(error)) from error


def checked_reply(subject: str, message: Message) -> Message:
    """Return `message`, the reply to a request on `subject`; NoResponders when it is the status that says so."""
    if not message.payload and header_block.status(message.headers) == "503":
        raise NoResponders(f"no subscriber for {subject}; is the worker that answers it running?")
    return message


async def finish_reading(inboxes: Iterable[Inbox], timeout: float) -> None:
    """Wait until the queues of `inboxes` are empty, at most `timeout` seconds."""
    try:
        async with asyncio.timeout(timeout):
            for inbox in inboxes:
                await inbox.drained()
    except TimeoutError:
        return
