# SPDX-License-Identifier: MIT
"""Requests to the container engine and its answers, also damaged ones, over a real UNIX socket."""

from __future__ import annotations

import ctypes
import json
import os
import pwd
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from decnet_core.placement.runtimes.container.engine import Engine, EngineError, Listed, State
from decnet_core.placement.runtimes.namespaces import own_thread


class Answering:
    """A server that answers every request with `answer`, and keeps what it was asked."""

    def __init__(self, path: Path) -> None:
        self.answer = b""
        self.asked: list[bytes] = []
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(path))
        self._server.listen()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._server.close()

    def _serve(self) -> None:
        while True:
            try:
                connection = self._server.accept()[0]
            except OSError:
                return
            with connection, connection.makefile("rb") as stream:
                head = b"".join(iter(stream.readline, b"\r\n"))
                length = next((int(line[15:]) for line in head.splitlines() if line.startswith(b"Content-Length:")), 0)
                self.asked.append(head.splitlines()[0] + b"\n" + stream.read(length))
                connection.sendall(self.answer)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[tuple[Engine, Answering]]:
    server = Answering(tmp_path / "engine.sock")
    yield Engine(str(tmp_path / "engine.sock"), seconds=0.5), server
    server.close()


def answer(content: bytes | str, status: str = "200 OK") -> bytes:
    body = content.encode() if isinstance(content, str) else content
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def test_requests_are_those_of_the_api(engine: tuple[Engine, Answering]) -> None:
    client, server = engine
    server.answer = answer('[{"Id": "ab", "State": "running", "Labels": {"k": "v"}, "Image": "more"}]')
    assert client.containers("k=v") == [Listed("ab", "running", "", {"k": "v"})]
    server.answer = answer('{"State": {"Running": true, "ExitCode": 3, "StartedAt": "2026-11-29T10:00:00Z"}}')
    assert client.state("ab") == State(running=True, exit_code=3, started_at="2026-11-29T10:00:00Z")
    server.answer = answer('{"Id": "cd", "Warnings": []}', "201 Created")
    assert client.create({"image": "x"}) == "cd"
    server.answer = answer("", "304 Not Modified")
    client.start("cd")
    server.answer = answer('{"message": "no such container"}', "404 Not Found")
    client.remove("cd")
    assert not client.has_image("docker.io/cowrie/cowrie:latest")
    assert server.asked == [
        b"GET /containers/json?all=1&filters=%7B%22label%22%3A%5B%22k%3Dv%22%5D%7D HTTP/1.1\n",
        b"GET /containers/ab/json HTTP/1.1\n",
        b'POST /v4.0.0/libpod/containers/create HTTP/1.1\n{"image":"x"}',
        b"POST /containers/cd/start HTTP/1.1\n",
        b"DELETE /containers/cd?force=1&v=1 HTTP/1.1\n",
        b"GET /images/docker.io/cowrie/cowrie:latest/json HTTP/1.1\n",
    ]


@pytest.mark.parametrize(
    ("components", "is_podman"), [([{"Name": "Podman Engine"}], True), ([{"Name": "Engine"}], False)]
)
def test_podman_is_told_from_docker(
    engine: tuple[Engine, Answering], components: list[dict[str, str]], *, is_podman: bool
) -> None:
    client, server = engine
    server.answer = answer(json.dumps({"Components": components}))
    assert client.is_podman() is is_podman


@pytest.mark.parametrize(
    ("damaged", "words"),
    [
        (b"", "does not answer"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "not HTTP"),
        (answer("[{}]")[:-2], "does not answer"),
        (answer("[{}]"), "cannot be read"),
        (answer("no JSON"), "cannot be read"),
        (answer(b"\xff\xfe"), "cannot be read"),
        (answer('[{"Id": 7}]'), "cannot be read"),
        (answer('{"message": "disk is full"}', "500 Internal Server Error"), "refuses: disk is full"),
        (answer("<html>", "502 Bad Gateway"), "refuses: <html>"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n[", "does not answer"),
    ],
)
def test_damaged_answer_is_an_error_that_says_so(engine: tuple[Engine, Answering], damaged: bytes, words: str) -> None:
    client, server = engine
    server.answer = damaged
    with pytest.raises(EngineError, match=words):
        client.containers("k")


def test_engine_that_is_silent_is_given_up(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "silent"))
        server.listen()
        with pytest.raises(EngineError, match="no answer in time"):
            Engine(str(tmp_path / "silent"), seconds=0.1).is_podman()


def as_nobody(function: Callable[[], object]) -> None:
    """Call a function in a thread of the account nobody (setfsuid(2) is of one thread)."""

    def call() -> None:
        ctypes.CDLL(None).setfsuid(pwd.getpwnam("nobody").pw_uid)
        function()

    own_thread(call)


@pytest.mark.skipif(os.geteuid() != 0, reason="acts as another account: needs root")
def test_a_socket_of_another_account_is_told_with_what_to_do(engine: tuple[Engine, Answering]) -> None:
    client, server = engine
    with pytest.raises(EngineError, match="lets root not in: add that account to a group, name the group as SocketGr"):
        as_nobody(lambda: client.has_image("x"))
    assert server.asked == []
