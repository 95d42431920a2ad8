# SPDX-License-Identifier: MIT
"""Syslog, SMTP and files: the transports against servers on loopback that do as real ones, and as bad ones, do."""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
import stat
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from tests.decnet_workers.webhook.formats.notices import HOSTILE, MESSAGE_ID
from tests.ports import free_port

from decnet_core.events.notices import encode_notice
from decnet_core.syslog import Message, parse
from decnet_models.notices.queries import OutboxLine
from decnet_models.webhooks.queries import PENDING, Delivery, Webhook
from decnet_workers.outbound.dial import Dialler
from decnet_workers.outbound.target import TargetError
from decnet_workers.webhook.envelope import body_of
from decnet_workers.webhook.outcome import Failed, Reply
from decnet_workers.webhook.queues.endpoint_sender import Means, transport_of
from decnet_workers.webhook.sealing import Secrets, seal
from decnet_workers.webhook.transports.targets import check_url
from decnet_workers.webhook.transports.transport import Transport

KEY = b"k" * 32
BODY = body_of(OutboxLine(1, "ttp.tagged", HOSTILE.ts, encode_notice(HOSTILE).decode()))
MAIL = {"from": "decnet@x.test", "to": "a@x.test, b@x.test", "user": "decnet"}


def delivery(number: int = 0) -> Delivery:
    name = f"{MESSAGE_ID[:-2]}{number:02d}"
    return Delivery(number, "wh_1", number, "ttp.tagged", name, BODY, PENDING, 0, 0, 0, None, None, None, None)


async def resolve(host: str, port: int) -> Sequence[str]:
    return ["127.0.0.1"]


def transport(
    url: str,
    form: str,
    tmp_path: Path,
    *,
    token: str = "",
    ca_file: str = "",
    private: bool = True,
    options: dict[str, str] | None = None,
) -> Transport:
    dialler = Dialler("webhook", allowed=(), connect_seconds=30, ca_file=ca_file, resolve=resolve)
    sealed = seal(KEY, "wh_1", Secrets(url, token))
    webhook = Webhook("wh_1", "shown", (), private, 1, 0, 1, 1, format=form, options=options or {}, sealed=sealed)
    return transport_of(webhook, Means(dialler, KEY, 5.0, 5.0, tmp_path / "alerts", file_bytes=6000, file_keep=2))


Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def server(serve: Serve, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    writers: list[asyncio.StreamWriter] = []

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        await serve(reader, writer)

    made = await asyncio.start_server(served, "127.0.0.1", 0, ssl=context)
    try:
        yield made.sockets[0].getsockname()[1]
    finally:
        made.close()
        for writer in writers:
            writer.transport.abort()
        for _ in range(3):  # a connection by TLS takes two turns of the loop to end
            await asyncio.sleep(0)


def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


class Frames:
    """Reads frames of octet counting; `until` tells how many it waits for before it ends a connection."""

    def __init__(self, until: int = 1 << 30) -> None:
        self.messages: list[bytes] = []
        self.connections = 0
        self._until = until

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while len(self.messages) < self._until:
                size = int(await reader.readuntil(b" "))
                self.messages.append(await reader.readexactly(size))
        except asyncio.IncompleteReadError:
            pass
        writer.close()

    def read(self) -> list[Message]:
        found = [parse(message, 0, limit=1 << 20) for message in self.messages]
        assert all(isinstance(one, Message) for one in found)
        return [one for one in found if isinstance(one, Message)]


async def sent(made: Transport, count: int) -> list[Reply | Failed]:
    try:
        return await made.send([delivery(number) for number in range(count)])
    finally:
        made.close()


@pytest.mark.parametrize("scheme", ["syslog+tcp", "syslog+tls"])
@pytest.mark.parametrize("form", ["syslog", "cef", "json", "ecs", "ocsf"])
async def test_syslog_messages_are_framed_in_order(
    scheme: str,
    form: str,
    certificate: Path,
    tmp_path: Path,
) -> None:
    frames = Frames()
    async with server(frames, tls(certificate) if scheme == "syslog+tls" else None) as port:
        made = transport(f"{scheme}://hook.test:{port}", form, tmp_path, ca_file=str(certificate))
        assert await sent(made, 20) == [Reply(None)] * 20
        while len(frames.messages) < 20:
            await asyncio.sleep(0.01)
    read = frames.read()
    assert frames.connections == 1
    assert {(one.app, one.message_id, one.facility, one.severity) for one in read} == {("decnet", "ttp.tagged", 16, 3)}
    assert {one.ts for one in read} == {HOSTILE.ts // 1000 * 1000}
    if form == "syslog":
        assert [one.structured["decnet@32473"]["id"][-2:] for one in read] == [f"{n:02d}" for n in range(20)]
    elif form == "cef":
        assert all(one.message.startswith("CEF:0|DECNET|") for one in read)
    else:
        assert all(isinstance(json.loads(one.message), dict) for one in read)


async def test_a_syslog_server_that_ends_the_connection_is_dialled_again(tmp_path: Path) -> None:
    frames = Frames(until=1)
    async with server(frames) as port:
        made = transport(f"syslog+tcp://127.0.0.1:{port}", "syslog", tmp_path)
        assert await made.send([delivery(1)]) == [Reply(None)]
        while not frames.messages or made._stream.usable:  # type: ignore[attr-defined]
            await asyncio.sleep(0.01)
        frames._until = 9
        assert await made.send([delivery(2)]) == [Reply(None)]
        made.close()
        while frames.connections < 2 or len(frames.messages) < 2:
            await asyncio.sleep(0.01)


async def test_a_syslog_server_that_does_not_read_is_a_failure(tmp_path: Path) -> None:
    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        await asyncio.sleep(60)

    async with server(deaf) as port:
        made: Any = transport(f"syslog+tcp://127.0.0.1:{port}", "json", tmp_path)
        made._attempt_seconds = 0.5
        outcomes: list[Any] = []
        while not outcomes or outcomes == [Reply(None)] * 64:
            outcomes = await made.send([delivery(1)] * 64)
        assert outcomes == [Failed("nothing taken within 0.5 s")]
        made.close()


async def test_syslog_over_udp_is_one_datagram_a_message(tmp_path: Path) -> None:
    received: list[bytes] = []

    class Server(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: Any) -> None:
            received.append(data)

    port = free_port()  # which is still nobody's when the server has gone
    loop = asyncio.get_running_loop()
    listening, _ = await loop.create_datagram_endpoint(Server, local_addr=("127.0.0.1", port))
    made = transport(f"syslog+udp://127.0.0.1:{port}", "syslog", tmp_path)
    assert await sent(made, 3) == [Reply(None)] * 3
    while len(received) < 3:
        await asyncio.sleep(0.01)
    assert all(isinstance(parse(one, 0), Message) for one in received)
    listening.close()
    (failed,) = await sent(made, 1)
    assert failed == Failed("Connection refused")


async def test_syslog_over_udp_tries_the_next_address_of_a_name(tmp_path: Path) -> None:
    """Such as of localhost, where the server listens at 127.0.0.1 alone."""
    received: asyncio.Queue[bytes] = asyncio.Queue()

    class Server(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: Any) -> None:
            received.put_nowait(data)

    async def both(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.9", "127.0.0.1"]

    listening, _ = await asyncio.get_running_loop().create_datagram_endpoint(Server, local_addr=("127.0.0.1", 0))
    port = listening.get_extra_info("sockname")[1]
    webhook = Webhook("wh_1", f"syslog+udp://log.test:{port}", (), True, 1, 0, 1, 1, format="syslog")
    dialler = Dialler("webhook", allowed=(), connect_seconds=30, resolve=both)
    made = transport_of(webhook, Means(dialler, KEY, 5.0, 5.0, tmp_path, file_bytes=6000, file_keep=2))
    assert await sent(made, 1) == [Reply(None)]
    assert isinstance(parse(await received.get(), 0), Message)
    listening.close()


@pytest.mark.parametrize("url", ["syslog+tcp://1.1.1.1", "syslog+udp://1.1.1.1", "http://1.1.1.1/"])
async def test_nothing_goes_over_the_internet_without_tls(url: str, tmp_path: Path) -> None:
    made = transport(url, "json", tmp_path)
    (failed,) = await sent(made, 1)
    assert isinstance(failed, Failed)
    assert "is public, and over the Internet" in failed.reason


@pytest.mark.parametrize("url", ["syslog+tls://127.0.0.1", "smtps://127.0.0.1", "syslog+udp://169.254.169.254"])
async def test_a_private_address_is_refused_unless_allowed(url: str, tmp_path: Path) -> None:
    form = "mail" if url.startswith("smtp") else "syslog"
    (failed,) = await sent(transport(url, form, tmp_path, private=False, options=MAIL if form == "mail" else {}), 1)
    assert isinstance(failed, Failed)
    assert failed.reason.startswith("refused:")


class MailServer:
    """An SMTP server with STARTTLS and AUTH; `says` replaces the replies to what begins with a word."""

    def __init__(self, context: ssl.SSLContext | None, **says: bytes) -> None:
        self.says = {word.encode(): reply for word, reply in says.items()}
        self.lines: list[bytes] = []
        self.messages: list[bytes] = []
        self._context = context
        self._encrypted = False

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._encrypted = writer.get_extra_info("ssl_object") is not None
        writer.write(b"220-mail.test\r\n220 ready\r\n")
        try:
            while line := await reader.readline():
                self.lines.append(line.strip())
                await self._answer(line.strip(), reader, writer)
                await writer.drain()
        except ConnectionError:
            pass
        writer.close()

    async def _answer(self, line: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        word = line.split(b" ")[0].split(b":")[0]
        if word in self.says:
            writer.write(self.says[word])
        elif word == b"EHLO":
            more = b"250-AUTH PLAIN LOGIN\r\n" if self._encrypted else b"250-STARTTLS\r\n" if self._context else b""
            writer.write(b"250-mail.test\r\n" + more + b"250 8BITMIME\r\n")
        elif word == b"STARTTLS":
            writer.write(b"220 go on\r\n")
            await writer.drain()
            assert self._context
            await writer.start_tls(self._context)
            self._encrypted = True
        elif word == b"AUTH":
            good = base64.b64decode(line.split(b" ")[2]) == b"\0decnet\0password"
            writer.write(b"235 welcome\r\n" if good else b"535 no\r\n")
        elif word == b"DATA":
            writer.write(b"354 go on\r\n")
            content = await reader.readuntil(b"\r\n.\r\n")
            self.messages.append(content.removesuffix(b".\r\n").replace(b"\r\n..", b"\r\n."))
            writer.write(self.says.get(b"CONTENT", b"250 queued as 1\r\n"))
        else:
            writer.write(b"221 bye\r\n" if word == b"QUIT" else b"250 ok\r\n")


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
async def test_mail_is_sent_encrypted_after_a_login(scheme: str, certificate: Path, tmp_path: Path) -> None:
    mail = MailServer(tls(certificate))
    async with server(mail, tls(certificate) if scheme == "smtps" else None) as port:
        url = f"{scheme}://hook.test:{port}"
        made = transport(url, "mail", tmp_path, token="password", ca_file=str(certificate), options=MAIL)
        assert await sent(made, 2) == [Reply(250, answer=b"queued as 1")] * 2
    assert mail.lines.count(b"RCPT TO:<a@x.test>") == mail.lines.count(b"RCPT TO:<b@x.test>") == 2
    assert (b"STARTTLS" in mail.lines) == (scheme == "smtp")
    first, second = (message_from_bytes(message) for message in mail.messages)
    assert first["Subject"] == "[high] T1059.004 Unix shell by 203.0.113.9"
    assert first["Message-ID"] != second["Message-ID"]
    assert first["Bcc"] is None


@pytest.mark.parametrize(
    ("says", "outcome"),
    [
        ({"AUTH": b"535 wrong password\r\n"}, Failed("the server answered 535", b"535 wrong password")),
        ({"RCPT": b"450 later\r\n"}, Failed("the server answered 450", b"450 later")),
        ({"CONTENT": b"554 no\r\n"}, Failed("the server answered 554", b"554 no", rejected=True)),
        ({"CONTENT": b"452 full\r\n"}, Failed("the server answered 452", b"452 full")),
        ({"MAIL": b"<html>\r\n"}, Failed("what came was not SMTP")),
        ({"MAIL": b"250-x\r\n" * 200}, Failed("the server's reply has no end")),
        ({"MAIL": b"x" * 100_000}, Failed("the connection ended, or what came was not SMTP")),
        ({"STARTTLS": b"220 go\r\n250 injected\r\n"}, Failed("the server sent something between STARTTLS and TLS")),
    ],
)
async def test_what_a_mail_server_refuses_is_told(
    says: dict[str, bytes],
    outcome: Failed,
    certificate: Path,
    tmp_path: Path,
) -> None:
    async with server(MailServer(tls(certificate), **says)) as port:
        made = transport(
            f"smtp://hook.test:{port}", "mail", tmp_path, token="password", ca_file=str(certificate), options=MAIL
        )
        assert await sent(made, 1) == [outcome]


class OneGone(MailServer):
    """Refuses the second recipient."""

    def __init__(self, refusal: bytes) -> None:
        super().__init__(None)
        self._refusal = refusal

    async def _answer(self, line: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if line == b"RCPT TO:<b@x.test>":
            writer.write(self._refusal)
        else:
            await super()._answer(line, reader, writer)


async def test_a_recipient_that_has_gone_keeps_no_mail_from_the_others(tmp_path: Path) -> None:
    mail = OneGone(b"550 no such user\r\n")
    async with server(mail) as port:
        made = transport(f"smtp://x.test:{port}", "mail", tmp_path, options=MAIL)
        assert await sent(made, 1) == [Reply(250, answer=b"queued as 1\nb@x.test: 550 no such user")]
    assert len(mail.messages) == 1


async def test_a_recipient_that_may_be_taken_later_is_waited_for(tmp_path: Path) -> None:
    mail = OneGone(b"450 greylisted\r\n")
    async with server(mail) as port:
        made = transport(f"smtp://x.test:{port}", "mail", tmp_path, options=MAIL)
        assert await sent(made, 1) == [Failed("the server answered 450", b"450 greylisted")]
    assert mail.messages == []


async def test_no_password_is_sent_in_the_clear(tmp_path: Path) -> None:
    mail = MailServer(None)
    async with server(mail) as port:
        (failed,) = await sent(transport(f"smtp://x.test:{port}", "mail", tmp_path, token="password", options=MAIL), 1)
        assert isinstance(failed, Failed)
        assert "STARTTLS" in failed.reason
        assert not [line for line in mail.lines if line.startswith((b"AUTH", b"MAIL"))]
        assert await sent(transport(f"smtp://x.test:{port}", "mail", tmp_path, options=MAIL), 1) == [
            Reply(250, answer=b"queued as 1")
        ], "a relay on one's own network needs neither"


async def test_a_file_gets_whole_lines_and_is_rotated(tmp_path: Path) -> None:
    made, file = transport("file:alerts.jsonl", "json", tmp_path), tmp_path / "alerts" / "alerts.jsonl"
    for _ in range(20):
        assert await sent(made, 2) == [Reply(None)] * 2
    names = sorted(path.name for path in file.parent.iterdir())
    assert names == ["alerts.jsonl", "alerts.jsonl.1", "alerts.jsonl.2"]
    for path in file.parent.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert 0 < path.stat().st_size <= 6000
        assert {json.loads(line)["type"] for line in path.read_text().splitlines()} == {"ttp.tagged"}


async def test_a_line_torn_by_a_crash_stays_alone(tmp_path: Path) -> None:
    made, file = transport("file:alerts.jsonl", "json", tmp_path), tmp_path / "alerts" / "alerts.jsonl"
    await sent(made, 1)
    file.write_bytes(file.read_bytes() + b'{"type":"torn')
    await sent(made, 1)
    first, torn, last = file.read_text().splitlines()
    assert torn == '{"type":"torn'
    assert json.loads(first) == json.loads(last)


async def test_no_link_is_followed_and_no_directory_left(tmp_path: Path) -> None:
    (tmp_path / "alerts").mkdir()
    (tmp_path / "victim").write_text("")
    (tmp_path / "alerts" / "a").symlink_to(tmp_path / "victim")
    (failed,) = await sent(transport("file:a", "json", tmp_path), 1)
    assert isinstance(failed, Failed)
    assert (tmp_path / "victim").read_text() == ""
    for url in ("file:../a", "file:/etc/passwd", "file:", "file:.a", "file:a/b", "file:a\n"):
        with pytest.raises(TargetError):
            check_url(url)
