# SPDX-License-Identifier: MIT
"""The SMTP decoy attacked by a real client and by hand: mails kept, log-ins recorded, TLS, floods."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.decnet_decoys.decky_host import DEADLINE, DeckyHost, fleet_settings

from decnet_core.events.catalogue import FileCaptured, LoginAttempt, ServiceRequest

SWAKS = shutil.which("swaks")


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[DeckyHost]:
    made = DeckyHost(tmp_path, fleet_settings("mail-server", offers=("smtp",)))
    await made.open()
    yield made
    await made.close()


async def said(host: DeckyHost, *lines: bytes, replies: int = 1) -> list[bytes]:
    """Send all at once, as pipelining allows; return the last lines of the replies until the server ends."""
    reader, writer = await asyncio.open_connection(host.decky.address, host.decky.services["smtp"])
    writer.write(b"".join(lines))
    async with asyncio.timeout(DEADLINE):
        answers = (await reader.read()).split(b"\r\n")
    writer.transport.abort()
    return [one for one in answers if one[3:4] == b" "][-replies:]


@pytest.mark.skipif(SWAKS is None, reason="install swaks")
async def test_a_real_client_logs_in_under_tls_and_its_mail_is_kept(host: DeckyHost) -> None:
    arguments = (
        "--server", f"{host.decky.address}:{host.decky.services['smtp']}", "--from", "a@example.org",
        "--to", "b@example.net",
        "--tls", "--auth", "PLAIN", "--auth-user", "postmaster", "--auth-password", "wrong", "--auth-optional",
        "--header", "Subject: over here", "--body", "click",
    )  # fmt: skip
    client = await asyncio.create_subprocess_exec(str(SWAKS), *arguments, stdout=asyncio.subprocess.PIPE)
    async with asyncio.timeout(DEADLINE):
        output, _ = await client.communicate()
    assert client.returncode == 0, output.decode()
    (attempt,) = (event.payload for event in host.events(LoginAttempt))
    (file,) = (event.payload for event in host.events(FileCaptured))
    *said, request = (event.payload for event in host.events(ServiceRequest))
    assert [getattr(one, "action", "") for one in said] == ["EHLO", "STARTTLS", "EHLO"]
    assert isinstance(attempt, LoginAttempt)
    assert (attempt.username, attempt.password, attempt.success) == ("postmaster", "wrong", False)
    assert isinstance(file, FileCaptured)
    assert isinstance(request, ServiceRequest)
    assert (request.action, request.detail["from"], request.detail["to"]) == ("mail", "a@example.org", "b@example.net")
    assert (request.detail["subject"], request.detail["sha256"]) == ("over here", file.sha256)


async def test_mail_arrives_as_it_was_sent(host: DeckyHost) -> None:
    envelope = b"EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n"
    whole = await said(host, envelope, b"DATA\r\nSubject: x\r\n\r\n..y\r\n.\r\n", b"QUIT\r\n", replies=2)
    assert whole[0].startswith(b"250 2.0.0 Ok: queued as ")
    assert whole[1] == b"221 2.0.0 Bye"
    chunks = await said(host, envelope, b"BDAT 3\r\nabc", b"BDAT 2 LAST\r\nde", b"QUIT\r\n", replies=2)
    assert chunks[0].startswith(b"250 2.0.0 Ok: 7 bytes queued as ")
    digests = [event.payload.sha256 for event in host.events(FileCaptured) if isinstance(event.payload, FileCaptured)]
    assert digests == [hashlib.sha256(mail).hexdigest() for mail in (b"Subject: x\r\n\r\n.y\r\n", b"abcde")]


async def test_what_was_sent_ahead_of_tls_is_not_taken_for_what_came_in_it(host: DeckyHost) -> None:
    reader, writer = await asyncio.open_connection(host.decky.address, host.decky.services["smtp"])
    async with asyncio.timeout(DEADLINE):
        await reader.readline()
        writer.write(b"STARTTLS\r\nMAIL FROM:<injected@example.org>\r\n")
        assert await reader.readline() == b"220 2.0.0 Ready to start TLS\r\n"
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        await writer.start_tls(context)
        writer.write(b"RCPT TO:<a@b>\r\n")
        assert await reader.readline() == b"503 5.5.1 Error: need MAIL command\r\n"
    writer.transport.abort()


async def test_errors_beyond_the_limit_end_the_connection(host: DeckyHost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("decnet_decoys.smtp.dialogue.SOFT_ERRORS", 100)  # which would take 10 seconds
    assert await said(host, b"FOO\r\n" * 30) == [b"421 4.7.0 mail.gs-lindenhof.example Error: too many errors"]


async def test_garbage_and_a_browser_are_sent_away(host: DeckyHost) -> None:
    goodbye = [b"221 2.7.0 Error: I can break rules, too. Goodbye."]
    for sent in (b"\x16\x03\x01\x02\x00\r\n", b"GET / HTTP/1.1\r\n\r\n", b"1" * 3000 + b"\n"):
        assert await said(host, sent) == goodbye
    assert len(host.events(ServiceRequest)) == 3


async def test_no_tls_after_starttls_ends_the_connection(host: DeckyHost) -> None:
    reader, writer = await asyncio.open_connection(host.decky.address, host.decky.services["smtp"])
    async with asyncio.timeout(DEADLINE):
        await reader.readline()
        writer.write(b"STARTTLS\r\n")
        await reader.readline()
        writer.write(b"EHLO no handshake\r\n" * 100)
        await reader.read()
    writer.transport.abort()


async def test_recipients_count_as_memory_until_their_mail_is_given_up(host: DeckyHost) -> None:
    def held() -> float:
        return left - host.ctx.counters.snapshot()["decoys_memory_left"]

    left = host.ctx.counters.snapshot()["decoys_memory_left"]
    reader, writer = await asyncio.open_connection(host.decky.address, host.decky.services["smtp"])
    async with asyncio.timeout(DEADLINE):
        writer.write(b"EHLO x\r\nMAIL FROM:<a@b.example>\r\n" + b"RCPT TO:<%b>\r\n" % (b"x" * 300) * 1000)
        for _ in range(1000):
            await reader.readuntil(b"250 2.1.5 Ok\r\n")
        assert held() > 300_000
        writer.write(b"RSET\r\n")
        await reader.readuntil(b"250 2.0.0 Ok\r\n")
        assert held() < 100_000
    writer.transport.abort()


async def test_a_mail_of_empty_lines_does_not_hold_the_loop(host: DeckyHost) -> None:
    start = b"EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<postmaster>\r\nDATA\r\n"
    (answer,) = await said(host, start, b"\n" * 1_000_000, b".\r\nQUIT\r\n")
    assert answer.startswith(b"221")
    assert host.ctx.counters.snapshot()["decoys_stretches"] == 0
