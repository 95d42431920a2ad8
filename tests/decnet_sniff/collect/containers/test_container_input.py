# SPDX-License-Identifier: MIT
"""Logs of containers: an engine on a UNIX socket that answers as Podman 4.3 and Docker were recorded to, and Podman."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import struct
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.decnet_sniff.collect.collect_harness import (
    collecting,
    events_in,
    messages,
    process,
    settings_of,
    spooled,
    until,
    until_spooled,
    wait_for_more,
    wait_until,
)
from tests.podman_service import Podman, podman_service

from decnet_core.events.catalogue import LoginAttempt, ServiceRequest, SyslogMessage

HEAD = (
    "HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Type: {kind}\r\nLibpod-Api-Version: 4.3.1\r\n"
    "Server: Libpod/4.3.1 (linux)\r\nDate: Tue, 24 Nov 2026 02:43:15 GMT\r\nTransfer-Encoding: chunked\r\n\r\n"
)


class Spoken:
    """A container of the recorded engine."""

    def __init__(self, name: str, *, terminal: bool = False, labels: dict[str, str] | None = None) -> None:
        self.id = name.encode().hex().ljust(64, "0")
        self.name = name
        self.terminal = terminal
        self.labels = labels or {}
        self.running = True
        self.log: list[tuple[int, str, str]] = []

    def says(self, text: str, *, stream: int = 1, time: str = "2026-11-24T02:43:15Z") -> None:
        self.log.append((stream, time, text))


class Recorded:
    """An engine that speaks as Podman's and Docker's compatible API does."""

    def __init__(self) -> None:
        self.containers: list[Spoken] = []
        self.changed = asyncio.Condition()
        self.asked: list[str] = []
        self.hears_events = 0

    async def tell(self) -> None:
        async with self.changed:
            self.changed.notify_all()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await reader.readuntil(b"\r\n\r\n")
            target = request.split()[1].decode()
            self.asked.append(target)
            place, query = urlsplit(target).path, parse_qs(urlsplit(target).query)
            if place == "/containers/json":
                await self._list(writer, query)
            elif place == "/events":
                await self._events(writer)
            else:
                await self._logs(writer, place.split("/")[2], query)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _list(self, writer: asyncio.StreamWriter, query: dict[str, list[str]]) -> None:
        labels = json.loads(query["filters"][0]).get("label", [])
        wanted = [each for each in self.containers if all(label.split("=")[0] in each.labels for label in labels)]
        answer = json.dumps([
            {
                "Id": each.id, "Names": ["/" + each.name], "State": "running" if each.running else "exited",
                "Labels": each.labels,
            }
            for each in wanted
        ]).encode()  # fmt: skip
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(answer))
        writer.write(answer)
        await writer.drain()

    async def _events(self, writer: asyncio.StreamWriter) -> None:
        self.hears_events += 1
        writer.write(HEAD.format(kind="application/json").encode())
        async with self.changed:
            while True:
                await self.changed.wait()
                for each in self.containers:
                    await chunk(writer, json.dumps({"Type": "container", "Actor": {"ID": each.id}}).encode() + b"\n")

    async def _logs(self, writer: asyncio.StreamWriter, identity: str, query: dict[str, list[str]]) -> None:
        (found,) = [each for each in self.containers if each.id == identity]
        since, sent = int(query["since"][0]), 0
        writer.write(HEAD.format(kind="application/octet-stream").encode())
        async with self.changed:
            while True:
                for stream, at, text in found.log[sent:]:
                    if second_of(at) >= since:
                        await chunk(writer, wire(found, stream, f"{at} {text}".encode()))
                sent = len(found.log)
                if not found.running or query["follow"] != ["1"]:
                    break
                await self.changed.wait()
        await chunk(writer, b"")


def wire(container: Spoken, stream: int, line: bytes) -> bytes:
    if container.terminal:
        return line + b"\r\n"
    return struct.pack(">BxxxL", stream, len(line) + 1) + line + b"\n"


def second_of(time: str) -> int:
    from datetime import datetime

    return int(datetime.fromisoformat(time[:19] + "+00:00").timestamp())


async def chunk(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(b"%x\r\n%b\r\n" % (len(data), data))
    await writer.drain()


@contextlib.asynccontextmanager
async def answering(engine: Recorded, path: Path) -> AsyncIterator[None]:
    """Let `engine` answer at `path`; at the end its connections are cut, as by a kill."""
    writers: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.add(writer)
        await engine.serve(reader, writer)

    server = await asyncio.start_unix_server(serve, path)
    try:
        yield
    finally:
        server.close()
        for writer in writers:
            writer.transport.abort()
        await engine.tell()
        path.unlink(missing_ok=True)


def source(path: Path, **more: Any) -> dict[str, Any]:
    return {"name": "c", "input": "containers", "format": "plain", "path": str(path), **more}


def said(state: Path) -> list[str]:
    return [event.payload.message for event in events_in(state) if isinstance(event.payload, SyslogMessage)]


async def test_containers_that_come_and_go_and_come_again(tmp_path: Path) -> None:
    engine, path, state = Recorded(), tmp_path / "s", tmp_path / "state"
    web = Spoken("web")
    engine.containers.append(web)
    web.says("one")
    web.says("two", stream=2, time="2026-11-24T02:43:16.5+01:00")
    async with answering(engine, path), collecting(settings_of(state, source(path))):
        await until(lambda: said(state) == ["one", "two"])
        web.says("three", time="2026-11-24T02:43:17Z")
        db = Spoken("db", terminal=True)
        db.says("$ id")
        engine.containers.append(db)
        await engine.tell()
        await until(lambda: sorted(said(state)) == ["$ id", "one", "three", "two"])
        web.running = False
        await engine.tell()
        await until(lambda: sum("follow=0" in each for each in engine.asked) == 1)  # read to its end
        web.running = True
        web.says("again", time="2026-11-24T02:43:18Z")
        await engine.tell()
        await until(lambda: "again" in said(state))
    first, second = events_in(state)[:2]
    assert first.payload == SyslogMessage(3, 6, "one", host="web", app="web")
    assert second.payload == SyslogMessage(3, 3, "two", host="web", app="web")
    assert {event.decky for event in events_in(state)} == {"web", "db"}
    assert len(said(state)) == len(set(said(state))) == 5


async def test_restart_of_the_collector_and_of_the_engine_double_nothing(tmp_path: Path) -> None:
    engine, path, state = Recorded(), tmp_path / "s", tmp_path / "state"
    web = Spoken("web")
    engine.containers.append(web)
    for turn in range(3):
        web.says("failed login")  # the same line, in the same second
        web.says(f"turn {turn}")
        async with collecting(settings_of(state, source(path))) as ctx:
            async with answering(engine, path):
                await until_spooled(state, 4 * turn + 2)
            await until(lambda: ctx.counters.snapshot().get("collect_engine_errors", 0) > 0)
            web.says("while away")
            web.says("while away")
            async with answering(engine, path):
                await until_spooled(state, 4 * turn + 4)
    assert said(state) == [text for _, _, text in web.log]
    assert len({event.id for event in events_in(state)}) == 12


async def test_names_and_labels_choose(tmp_path: Path) -> None:
    engine, path, state = Recorded(), tmp_path / "s", tmp_path / "state"
    for name, labels in (("decky-1", {"decnet": "yes"}), ("decky-2", {}), ("other", {"decnet": "yes"})):
        engine.containers.append(Spoken(name, labels=labels))
        engine.containers[-1].says(name)
    chosen = source(path, containers=["decky-*"], labels=["decnet=yes"])
    async with answering(engine, path), collecting(settings_of(state, chosen)):
        await until(lambda: said(state) == ["decky-1"])
        await engine.tell()
        await until(lambda: sum(each.startswith("/containers/json") for each in engine.asked) >= 2)
    assert said(state) == ["decky-1"]


async def test_decky_and_format_of_a_container_are_those_of_its_labels(tmp_path: Path) -> None:
    engine, path, state = Recorded(), tmp_path / "s", tmp_path / "state"
    cowrie = (Path(__file__).parents[1] / "data" / "cowrie.json").read_text().splitlines()
    for name, format_, line in (
        ("decnet-0badcafe-shop", "cowrie", next(one for one in cowrie if '"cowrie.login.success"' in one)),
        ("decnet-0badcafe-pump", "conpot", json.dumps({
            "timestamp": "2026-11-24T02:43:15.123", "sensorid": "other", "id": "1-2", "src_ip": "192.0.2.9",
            "src_port": 4711, "dst_ip": "10.0.0.5", "dst_port": 5020, "public_ip": None, "data_type": "modbus",
            "request": "000100000006", "response": "00", "event_type": None,
        })),
        ("decnet-0badcafe-nas", "unheard-of", "x"),
        ("other", "", "not ours"),
    ):  # fmt: skip
        labels = {"decnet.decky": name.rpartition("-")[2], "decnet.format": format_} if format_ else {}
        engine.containers.append(Spoken(name, labels=labels))
        engine.containers[-1].says(line)
    labelled = {**source(path), "format": "label"}
    async with answering(engine, path), collecting(settings_of(state, labelled)) as ctx:
        await until(lambda: ctx.counters.snapshot().get("collect_lines", 0) == 3)
    found = {event.decky: event for event in events_in(state)}
    assert found.keys() == {"shop", "pump"}
    assert {event.sensor for event in found.values()} == {ctx.sensor}
    assert isinstance(found["shop"].payload, LoginAttempt)
    assert isinstance(found["pump"].payload, ServiceRequest)
    assert (found["pump"].payload.service, found["pump"].src_ip) == ("modbus", "192.0.2.9")
    assert ctx.counters.snapshot()["collect_rejected"] == 1


async def test_containers_beyond_the_limit_are_counted(tmp_path: Path) -> None:
    engine, path, state = Recorded(), tmp_path / "s", tmp_path / "state"
    for name in ("a", "b"):
        engine.containers.append(Spoken(name))
        engine.containers[-1].says(name)
    async with answering(engine, path), collecting(settings_of(state, source(path), containers=1)) as ctx:
        await until(lambda: ctx.counters.snapshot().get("collect_containers_beyond_limit", 0) > 0)
        await until(lambda: said(state) == ["a"])


async def test_engine_that_answers_nonsense_stops_nothing(tmp_path: Path) -> None:
    path, state, log = tmp_path / "s", tmp_path / "state", tmp_path / "auth.log"
    log.write_bytes(b"Nov 23 10:20:30 web sshd[9]: hello\n")

    async def nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(os.urandom(5000))
            await writer.drain()
        writer.close()

    server = await asyncio.start_unix_server(nonsense, path)
    file = {"name": "f", "format": "syslog", "path": str(log)}
    async with collecting(settings_of(state, source(path), file)) as ctx:
        await until(lambda: ctx.counters.snapshot().get("collect_engine_errors", 0) > 0)
        await until(lambda: said(state) == ["hello"])
    server.close()


RUN_OPTIONS = [
    "--network", "none", "--cgroups", "disabled", "--log-driver", "k8s-file",
    "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1000:1000",
]  # fmt: skip


@pytest.fixture(scope="module")
def podman() -> Iterator[tuple[Podman, str]]:
    """A Podman that has run a container here, and the image to run."""
    with podman_service(*RUN_OPTIONS, runtime="crun") as service:
        yield service, service.image()


@pytest.mark.fault
def test_real_podman_and_kills_of_both_give_each_line_one_event(tmp_path: Path, podman: tuple[Podman, str]) -> None:
    """Lines with and without a terminal, long ones, and equal ones of one second, while all is killed in between."""
    engine, image = podman
    state, config, stop = tmp_path / "state", tmp_path / "decnet.toml", tmp_path / "stop"
    config.write_text(
        f'[state]\ndir = "{state}"\nsensor = "here"\n[[collect.source]]\nname = "c"\ninput = "containers"\n'
        f'format = "plain"\npath = "{engine.path}"\nlabels = ["honeypot"]\n'
    )
    stop.touch()
    script = (
        'i=0; while [ -e /stop ]; do echo "out $i"; echo same; echo "err $i" >&2; i=$((i+1)); '
        'busybox usleep 20000; done; busybox head -c 20000 /dev/zero | busybox tr "\\0" x; echo; echo "count $i"'
    )
    volume = ("--label", "honeypot=yes", "-v", f"{stop}:/stop:ro")
    with process(config) as running:
        engine.call(
            "run",
            "-d",
            *RUN_OPTIONS,
            "--name",
            "loud",
            *volume,
            image,
            "/bin/sh",
            "-c",
            script.replace("-e /stop", "-s /stop"),
        )
        wait_until(lambda: "count 0" in messages(state), running)  # it has ended, so only one will count
        stop.write_text("go on")
        engine.call("restart", "-t", "0", "loud")
        wait_until(lambda: spooled(state) > 100, running)
    for turn in range(2):
        with process(config) as running:
            wait_for_more(state, 100, running)
            if not turn:
                engine.stop()
                engine.start()
                wait_for_more(state, 100, running)
    with process(config) as running:
        engine.call(
            "run",
            "-d",
            *RUN_OPTIONS,
            "--name",
            "tty",
            "-t",
            "--label",
            "honeypot=yes",
            image,
            "/bin/sh",
            "-c",
            "echo typed; echo x >&2",
        )
        stop.write_text("")
        wait_until(lambda: any(text.startswith("count") and text != "count 0" for text in messages(state)), running)
        wait_until(lambda: "typed" in messages(state), running)
    found = messages(state)
    rounds = int(next(text for text in found if text.startswith("count") and text != "count 0").split()[1])
    assert sorted(text for text in found if text.startswith("out")) == sorted(f"out {n}" for n in range(rounds))
    assert sorted(text for text in found if text.startswith("err")) == sorted(f"err {n}" for n in range(rounds))
    assert found.count("same") == rounds
    assert sum(text.startswith("xxxx") for text in found) == 2  # the first run of `loud` found /stop empty
    assert {event.decky for event in events_in(state)} == {"loud", "tty"}
