# SPDX-License-Identifier: MIT
"""A mail that a machine hands over to a decky's mail server, by ESMTP (RFC 5321)."""

import asyncio
import re
import socket

from decnet_workers.orchestrator.scripts import MailScript
from decnet_workers.orchestrator.visits.lines import Lines


async def visit(sock: socket.socket, script: MailScript) -> None:
    """Send the mail over the connection; then it is closed. Raises SessionError, OSError, TimeoutError."""
    with sock:
        lines = Lines(sock)
        await lines.reply("220")
        await lines.ask(f"EHLO {script.host}", "250")
        await lines.ask(f"MAIL FROM:<{script.sender}>", "250")
        await lines.ask(f"RCPT TO:<{script.recipient}>", "250")
        await lines.ask("DATA", "354")
        await asyncio.sleep(script.pause)
        await lines.send(transparent(script.text))
        await lines.reply("250")
        await lines.ask("QUIT", "221")


def transparent(text: str) -> bytes:
    """Return a mail as it is sent after DATA, with the line that ends it: a line's first dot is doubled."""
    wire = re.sub(r"\r?\n", "\r\n", text.rstrip("\n") + "\n")
    return re.sub(r"(?m)^\.", "..", wire).encode("utf-8", "replace") + b".\r\n"
