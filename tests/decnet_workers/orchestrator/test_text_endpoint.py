# SPDX-License-Identifier: MIT
"""A text endpoint writes prose; whatever it answers, a document is written, and stays as it was."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.decnet_workers.orchestrator.fleets import hosts
from tests.decnet_workers.orchestrator.test_documents import MONDAY, document, planned

from decnet_workers.orchestrator.documents import growths, prose, written
from decnet_workers.orchestrator.genres import genres
from decnet_workers.orchestrator.settings import OrchestratorSettings
from decnet_workers.orchestrator.text_endpoint import LONGEST, TextEndpoint, TextError, Wanted, cleaned

WANTED = Wanted("notes", "deploy", "web-01", "Monday, 30 November 2026", "- check backup on nas2\n")
WRITTEN = "- asked Eva about the label printer\n- VPN token expires on Friday"


def completion(text: str) -> bytes:
    return json.dumps(
        {"id": "x", "choices": [{"index": 0, "message": {"role": "assistant", "content": text}}]}
    ).encode()


def answer(body: bytes, status: str = "200 OK") -> bytes:
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status.encode(), len(body), body)


class Server:
    """Plays one answer to all requests, and keeps them."""

    def __init__(self, said: bytes | None) -> None:
        self.said = said
        self.requests: list[dict[str, object]] = []
        self.heads: list[str] = []
        self.url = ""
        self.writers: list[asyncio.StreamWriter] = []

    async def play(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = next(int(line.split(":")[1]) for line in head.splitlines() if line.startswith("content-length"))
        self.heads.append(head)
        self.requests.append(json.loads(await reader.readexactly(length)))
        if self.said is None:
            await reader.read()  # for as long as the client waits
        else:
            writer.write(self.said)
        writer.close()


@asynccontextmanager
async def serving(said: bytes | None) -> AsyncIterator[Server]:
    server = Server(said)
    async with await asyncio.start_server(server.play, "127.0.0.1", 0) as listening:
        server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1/"
        yield server
        for writer in server.writers:
            writer.transport.abort()
    await asyncio.sleep(0)


def endpoint(url: str, clock: Callable[[], float] = lambda: 0.0, seconds: float = 20.0) -> TextEndpoint:
    settings = OrchestratorSettings(text_url=url, text_model="small", text_key="secret", text_seconds=seconds)
    return TextEndpoint(settings, clock)


async def test_it_is_asked_as_openai_describes_it() -> None:
    async with serving(answer(completion(f"```\n{WRITTEN}\n```"))) as server:
        assert await endpoint(server.url).ask(WANTED, 7) == f"{WRITTEN}\n"
    (sent,) = server.requests
    assert server.heads[0].startswith("post /v1/chat/completions http/1.1")
    assert "authorization: bearer secret" in server.heads[0]
    assert (sent["model"], sent["seed"]) == ("small", 7)
    messages = sent["messages"]
    assert isinstance(messages, list)
    assert [one["role"] for one in messages] == ["system", "user"]
    assert all(word in messages[1]["content"] for word in ("web-01", "deploy", "Monday", WANTED.example))


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (answer(b"no model", "503 Service Unavailable"), "it answers 503"),
        (answer(b"<html>"), "no chat completion"),
        (answer(b'{"choices": []}'), "no chat completion"),
        (answer(b"x" * 100_000), "longer than"),
        (b"SSH-2.0-x\r\n\r\n", "not HTTP"),
        (None, "no complete answer within"),
    ],
)
async def test_after_a_failure_it_is_left_alone_for_longer_each_time(said: bytes | None, reason: str) -> None:
    now = 0.0
    async with serving(said) as server:
        one = endpoint(server.url, lambda: now, 20.0 if said else 0.2)
        for pause in (60.0, 120.0):
            with pytest.raises(TextError, match=reason):
                await one.ask(WANTED, 1)
            now += pause - 1
            assert not one.usable
            now += 1
            assert one.usable


async def test_a_server_that_is_gone_is_an_error_and_without_a_url_none_is_asked() -> None:
    with pytest.raises(TextError, match="Connection refused"):
        await endpoint("http://127.0.0.1:9/v1").ask(WANTED, 1)
    assert not endpoint("").usable


@pytest.mark.parametrize(
    "said",
    ["", "x" * (LONGEST + 1), "beep\a", "As an AI I do not keep notes.", "Sure, here is a note:\n- x", "\x1b[2J"],
)
def test_a_text_that_no_person_would_have_written_is_refused(said: str) -> None:
    with pytest.raises(TextError):
        cleaned(said, "")


@given(st.text(max_size=2000))
def test_what_is_accepted_is_text_that_begins_no_other_mail(said: str) -> None:
    try:
        text = cleaned(said, "example\n")
    except TextError:
        return
    assert text.endswith("\n")
    assert len(text) <= 2 * LONGEST
    assert not any(line.startswith("From ") for line in text.split("\n"))


def test_what_was_kept_stays_in_the_document_when_it_grows_and_the_rest_is_as_the_grammar_has_it() -> None:
    host = hosts(1)[0]
    documents = [document(action) for action in planned(host, MONDAY)]
    writable = [one for one in documents if genres()[one.genre].about and len(one.moments) > 1]
    assert {one.genre for one in writable} == {"mail", "notes"}
    for one in writable:
        moment = one.moments[0]
        plain, changed = written(host, one), written(host, one, {moment: f"{WRITTEN}\n"})
        assert prose(host, one, moment) not in ("", WRITTEN)
        assert WRITTEN.encode() in changed.content
        assert changed.content.replace(WRITTEN.encode(), b"").split()[-20:] == plain.content.split()[-20:]
        assert len(set(growths(host, one).values())) == len(one.moments)
