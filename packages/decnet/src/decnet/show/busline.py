# SPDX-License-Identifier: MIT
"""A bus message as one line: for people, or as JSON for scripts."""

import base64
from typing import Any

from decnet.show.documents import line
from decnet.show.times import clock
from decnet_core.bus.interface import Message
from decnet_core.text import for_terminal, from_wire

_SHOWN = 2000  # characters of a payload


def text(message: Message, ts: int) -> str:
    """Return the message on one line that cannot move the cursor; `ts` is when it arrived, ns since the Unix epoch."""
    parts = [clock(ts), for_terminal(message.subject)]
    if message.reply is not None:
        parts.append(f"[answer to {for_terminal(message.reply)}]")
    parts += [f"{for_terminal(name)}={for_terminal(value)}" for name, value in message.headers]
    parts.append(for_terminal(from_wire(message.payload, _SHOWN), _SHOWN))
    return "  ".join(part for part in parts if part)


def document(message: Message, ts: int) -> str:
    """Return the message as JSON; a payload that is not UTF-8 is in `payload_base64`."""
    values: dict[str, Any] = {"ts": ts, "subject": for_terminal(message.subject, 4096)}
    if message.reply is not None:
        values["reply"] = for_terminal(message.reply, 4096)
    if message.headers:
        values["headers"] = [[name, value] for name, value in message.headers]
    try:
        values["payload"] = message.payload.decode()
    except UnicodeDecodeError:
        values["payload_base64"] = base64.b64encode(message.payload).decode()
    return line(values)
