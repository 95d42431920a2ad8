# SPDX-License-Identifier: MIT
"""The parts of the drill: its receiver, clients, checks and private fleet's settings."""

from __future__ import annotations

import asyncio
import http.client
import ipaddress
import json
import os
import time
import tomllib
from collections import deque
from pathlib import Path

import pytest

from decnet.cli.errors import OperatorError
from decnet.drill import dns, private, ssh, web
from decnet.drill.checks import replay
from decnet.drill.greeting import GreetingFailed, greet
from decnet.drill.private import free_block, settings_text
from decnet.drill.receiver import Receiver, verify
from decnet.drill.script import new_script
from decnet.drill.ssh import Ssh, SshEndpoint
from decnet.drill.target import others_of
from decnet.history.playback import RecordingError
from decnet_core.settings import Settings
from decnet_decoys.fleet import deckies
from decnet_decoys.settings import DecoysSettings
from decnet_workers.canary.settings import CanarySettings
from decnet_workers.webhook.signature import sign, written

SECRET = b"s" * 32
BODY = json.dumps({"type": "canary.hit", "data": {"attacker": "127.66.0.1"}}).encode()


def signed(body: bytes = BODY, at: float | None = None, message_id: str = "msg_1") -> dict[str, str]:
    timestamp = int(time.time() if at is None else at)
    signature = sign(SECRET, message_id, timestamp, body)
    return {"webhook-id": message_id, "webhook-timestamp": str(timestamp), "webhook-signature": signature}


def test_genuine_signature_is_accepted() -> None:
    assert verify(written(SECRET), signed(), BODY, time.time())


@pytest.mark.parametrize(
    ("sent", "body"),
    [
        (signed(), BODY + b" "),
        (signed(at=time.time() - 400), BODY),
        ({**signed(), "webhook-id": "msg_2"}, BODY),
        ({**signed(), "webhook-timestamp": "soon"}, BODY),
        ({**signed(), "webhook-signature": "v1,AAAA"}, BODY),
        ({}, BODY),
    ],
)
def test_anything_else_is_not(sent: dict[str, str], body: bytes) -> None:
    assert not verify(written(SECRET), sent, body, time.time())


async def test_receiver_keeps_each_message_once() -> None:
    receiver = Receiver()
    receiver.secret = written(SECRET)
    port = int((await receiver.open()).split(":")[2].split("/")[0])

    def post(sent: dict[str, str], body: bytes) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=100)
        connection.request("POST", "/drill", body=body, headers=sent)
        status = connection.getresponse().status
        connection.close()
        return status

    try:
        for sent in (signed(), signed(), {**signed(message_id="msg_2"), "webhook-signature": "v1,forged"}):
            assert await asyncio.to_thread(post, sent, BODY) == 204
        assert [(one.message_id, one.genuine) for one in receiver.arrivals] == [("msg_1", True), ("msg_2", False)]
        assert receiver.arrivals[0].data == {"attacker": "127.66.0.1"}
    finally:
        await receiver.close()


@pytest.mark.parametrize("curl", ["curl", None])
async def test_web_request_comes_from_the_chosen_source(curl: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.put_nowait((writer.get_extra_info("peername")[0], await reader.readuntil(b"\r\n\r\n")))
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    if curl is None:
        monkeypatch.setattr("shutil.which", lambda _: None)
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/.env"
    try:
        assert await web.get(url, source="127.66.1.2", agent="probe/1") == 404
        source, head = await asyncio.wait_for(seen.get(), 120)
    finally:
        server.close()
    assert source == "127.66.1.2"
    assert head.startswith(b"GET /.env HTTP/1.1\r\n")
    assert b"user-agent: probe/1" in head.lower()


async def test_web_request_without_an_answer_fails() -> None:
    with pytest.raises(web.WebFailed):
        await web.get("http://127.0.0.1:1/", source="127.66.1.2", agent="x")


async def test_wrong_door_is_not_let_in(tmp_path: Path) -> None:
    assert not await Ssh(tmp_path).try_password(SshEndpoint("127.0.0.1", 1, "127.66.1.2"), "root", "x")


async def test_a_log_in_that_takes_longer_than_a_prompt_gets_its_shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = tmp_path / "ssh"
    client.write_text("#!/bin/sh\nsleep 1\nprintf '# '\nwhile read -r line; do [ \"$line\" != exit ] || exit; done\n")
    client.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(ssh, "_PROMPT_SECONDS", 0.05)
    assert await Ssh(tmp_path).session(SshEndpoint("127.0.0.1", 1, "127.66.1.2"), "root", "x", ("id",)) == "# "


def test_dns_query_is_a_question_for_an_address() -> None:
    assert dns.build_query(0x1234, "ab.canary.test") == (
        b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x02ab\x06canary\x04test\x00\x00\x01\x00\x01"
    )


async def test_dns_without_an_answer_fails() -> None:
    with pytest.raises(dns.DnsFailed):
        await dns.ask("x.test", ("127.0.0.1", 1), source="127.66.1.2")


def test_recording_is_replayed(tmp_path: Path) -> None:
    file = tmp_path / "cast"
    file.write_text('{"version":2,"width":80,"height":24}\n[0.1,"o","$ "]\n[0.2,"i","id"]\n[0.3,"o","root"]\n')
    assert replay(file) == "$ root"


@pytest.mark.parametrize(
    "content",
    ["", "x", '{"version":1}', '{"version":2,"width":80,"height":24}\n[2,"o","a"]\n[1,"o","b"]', '{"version":2}\n'],
)
def test_what_is_no_recording_is_refused(content: str, tmp_path: Path) -> None:
    file = tmp_path / "cast"
    file.write_text(content)
    with pytest.raises(RecordingError):
        replay(file)


def test_drills_are_distinguished() -> None:
    scripts = [new_script() for _ in range(50)]
    assert all(ipaddress.ip_address(one.source) in ipaddress.ip_network("127.66.0.0/16") for one in scripts)
    assert len({one.mark for one in scripts}) == 50
    assert all(any(one.mark in command for command in one.commands) for one in scripts)


def test_private_fleet_has_settings_that_workers_accept() -> None:
    block = free_block()
    settings = Settings(tomllib.loads(settings_text(block)), {}, "test")
    found = deckies(settings.section("decoys", DecoysSettings))
    assert [one.address for one in found] == [f"127.77.{block}.{host}" for host in (10, 11, 12)]
    assert settings.section("canary", CanarySettings).http_listen == f"127.77.{block}.1:8880"


def test_a_block_is_given_once_as_long_as_its_fleet_may_be_starting(monkeypatch: pytest.MonkeyPatch) -> None:
    blocks, reserved = (free_block(), free_block()), deque[int]()
    monkeypatch.setattr(private, "_BLOCKS", blocks)
    monkeypatch.setattr(private, "_reserved", reserved)
    with pytest.raises(OperatorError):  # both are reserved, though nothing listens there
        free_block()
    monkeypatch.setattr(private, "_BLOCKS", range(100, 255))
    given = [free_block() for _ in range(private._MOST_RESERVED + 2)]
    assert not set(given) & set(blocks)
    assert len(set(given[-private._MOST_RESERVED :])) == private._MOST_RESERVED
    assert len(reserved) == private._MOST_RESERVED
    for descriptor in reserved:
        os.close(descriptor)


async def test_a_service_is_greeted_and_one_that_says_nothing_is_an_error() -> None:
    async def welcoming(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hello\r\n")
        writer.close()

    async def silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    for serve, said in ((welcoming, b"220 hello\r\n"), (silent, b"")):
        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            address, port = server.sockets[0].getsockname()
            if said:
                assert await greet("ftp", address, port, source="127.66.0.9") == said
            else:
                with pytest.raises(GreetingFailed, match="said nothing"):
                    await greet("ftp", address, port, source="127.66.0.9")


def test_one_decky_of_each_other_service_is_attacked() -> None:
    text = settings_text(100).replace("http = 8080 }", "http = 8080, telnet = 2323, redis = 6379 }")
    known = deckies(Settings(tomllib.loads(text), {}, "test").section("decoys", DecoysSettings))
    assert [(service, one.name) for service, one in others_of(known)] == [("redis", "web-01"), ("telnet", "web-01")]
