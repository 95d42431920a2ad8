# SPDX-License-Identifier: MIT
"""Mail by SMTP (RFC 5321): TLS from the start (`smtps`) or by STARTTLS (`smtp`), AUTH PLAIN or LOGIN (RFC 4954).

Over `smtp` TLS is required where the server is on the Internet or a password is sent. The standard library's client
blocks and chooses addresses itself; this one uses the dialler's.
"""

import asyncio
import base64
import ssl
from collections.abc import Sequence
from contextlib import suppress

from decnet_models.webhooks.queries import Delivery
from decnet_workers.errors import WorkersError
from decnet_workers.outbound.addresses import is_public
from decnet_workers.outbound.dial import DialError, Dialler, tls_failure
from decnet_workers.webhook.endpoint import Endpoint
from decnet_workers.webhook.formats.alert import alert_of
from decnet_workers.webhook.outcome import Failed, Reply
from decnet_workers.webhook.transports.stream import Stream
from decnet_workers.webhook.transports.targets import parse_smtp

MAX_IN_FLIGHT = 16
"""Messages per connection."""
_MAX_REPLY_LINES = 100


class SmtpError(WorkersError):
    """The server refused; `answer` is what it said."""

    def __init__(self, reason: str, answer: bytes = b"", *, rejected: bool = False) -> None:
        super().__init__(reason)
        self.answer = answer
        self.rejected = rejected


class SmtpTransport:
    """Sends through one server, a connection for each group; raises TargetError when the URL is not valid."""

    window = MAX_IN_FLIGHT

    def __init__(self, endpoint: Endpoint, dialler: Dialler, *, attempt_seconds: float) -> None:
        self._endpoint = endpoint
        self._dialler = dialler
        self._attempt_seconds = attempt_seconds
        self._target = parse_smtp(endpoint.url)

    async def send(self, deliveries: Sequence[Delivery]) -> list[Reply | Failed]:
        outcomes: list[Reply | Failed] = []
        try:
            async with asyncio.timeout(self._attempt_seconds) as deadline:
                conversation = Conversation(await self._connected())
                try:
                    await self._greet(conversation)
                    for delivery in deliveries:
                        outcomes.append(Reply(250, answer=await self._deliver(conversation, delivery)))
                        deadline.reschedule(asyncio.get_running_loop().time() + self._attempt_seconds)
                    with suppress(SmtpError, OSError, EOFError):
                        await conversation.command("QUIT", 221)
                finally:
                    conversation.stream.abort()
        except TimeoutError:
            failed = Failed(f"no answer within {self._attempt_seconds:g} s")
        except SmtpError as error:
            failed = Failed(str(error), error.answer, error.rejected)
        except DialError as error:
            failed = Failed(str(error))
        except ssl.SSLError as error:
            failed = Failed(tls_failure(error))
        except (OSError, EOFError, asyncio.LimitOverrunError) as error:
            failed = Failed(getattr(error, "strerror", None) or "the connection ended, or what came was not SMTP")
        else:
            return outcomes
        return outcomes or [failed]

    def close(self) -> None:
        """Nothing is kept."""

    async def _connected(self) -> Stream:
        return await self._dialler.open(self._target, Stream, allow_private=self._endpoint.allow_private)

    async def _greet(self, conversation: "Conversation") -> None:
        """Come to where messages are taken."""
        await conversation.reply(220)
        can = await conversation.hello()
        encrypted = self._target.tls
        if not encrypted and "STARTTLS" in can:
            await conversation.start_tls(self._dialler.tls, self._target.host)
            can, encrypted = await conversation.hello(), True
        access = self._endpoint.access
        if not encrypted and (access.token or is_public(conversation.stream.peer)):
            raise SmtpError("the server offers no STARTTLS, which a password and the Internet need")
        if access.token:
            await conversation.authenticate(access.options.get("user", ""), access.token, can)

    async def _deliver(self, conversation: "Conversation", delivery: Delivery) -> bytes:
        options = self._endpoint.access.options
        await conversation.command(f"MAIL FROM:<{options.get('from', '')}>", 250)
        refused = await conversation.recipients([one.strip() for one in options.get("to", "").split(",")])
        await conversation.command("DATA", 354)
        body = self._endpoint.format.body(alert_of(delivery.message_id, delivery.body), self._endpoint.access)
        return b"\n".join([await conversation.content(body), *refused])


class Conversation:
    """Commands and replies on a connection."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream

    async def hello(self) -> dict[str, str]:
        """Return what the server can, by its keyword."""
        lines = (await self.command("EHLO decnet.invalid", 250)).decode("ascii", "replace").split("\n")
        return {words[0].upper(): " ".join(words[1:]).upper() for line in lines[1:] if (words := line.split())}

    async def start_tls(self, context: ssl.SSLContext, host: str) -> None:
        """Encrypt; what was sent ahead of that is nobody's reply and ends the connection."""
        await self.command("STARTTLS", 220)
        if self.stream.reader._buffer:  # type: ignore[attr-defined]  # it has no public way to look
            raise SmtpError("the server sent something between STARTTLS and TLS")
        await self.stream.writer.start_tls(context, server_hostname=host)

    async def authenticate(self, user: str, password: str, can: dict[str, str]) -> None:
        """Log in by the first mechanism that both can."""
        mechanisms = can.get("AUTH", "").split()
        if "PLAIN" in mechanisms:
            await self.command("AUTH PLAIN " + _base64(f"\0{user}\0{password}"), 235)
        elif "LOGIN" in mechanisms:
            await self.command("AUTH LOGIN", 334)
            await self.command(_base64(user), 334)
            await self.command(_base64(password), 235)
        else:
            raise SmtpError("the server offers neither AUTH PLAIN nor LOGIN")

    async def recipients(self, addresses: Sequence[str]) -> list[bytes]:
        """Name the recipients; return what the server says of those whom it will never take.

        The others are not to miss an alert because a colleague has left. Raises SmtpError when it takes none, or when
        it may take one later.
        """
        refused: list[bytes] = []
        for address in addresses:
            try:
                await self.command(f"RCPT TO:<{address}>", 250, 251)
            except SmtpError as error:
                if not error.answer.startswith(b"5") or len(refused) + 1 == len(addresses):
                    raise
                refused.append(address.encode() + b": " + error.answer)
        return refused

    async def content(self, message: bytes) -> bytes:
        """Send a message's lines, and return what the server says to them."""
        stuffed = (b"\r\n" + message.rstrip(b"\r\n")).replace(b"\r\n.", b"\r\n..")[2:]
        self.stream.writer.write(stuffed + b"\r\n.\r\n")
        await self.stream.writer.drain()
        return await self.reply(250, about_content=True)

    async def command(self, line: str, *wanted: int) -> bytes:
        """Send a command and return the text of the reply; raises SmtpError for a code other than those `wanted`."""
        self.stream.writer.write(line.encode("utf-8") + b"\r\n")
        await self.stream.writer.drain()
        return await self.reply(*wanted)

    async def reply(self, *wanted: int, about_content: bool = False) -> bytes:
        """Return the text of a reply, its lines joined by line feeds."""
        lines: list[bytes] = []
        while len(lines) < _MAX_REPLY_LINES:
            line = await self.stream.reader.readuntil(b"\n")
            lines.append(line[4:].strip())
            if line[3:4] != b"-":
                return _checked(line[:3], b"\n".join(lines), wanted, about_content=about_content)
        raise SmtpError("the server's reply has no end")


def _checked(code: bytes, text: bytes, wanted: Sequence[int], *, about_content: bool) -> bytes:
    if not code.isdigit():
        raise SmtpError("what came was not SMTP")
    if int(code) not in wanted:
        refused = about_content and code.startswith(b"5")
        raise SmtpError(f"the server answered {int(code)}", code + b" " + text, rejected=refused)
    return text


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")
