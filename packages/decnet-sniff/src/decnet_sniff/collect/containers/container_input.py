# SPDX-License-Identifier: MIT
"""Container logs, from the API of Docker or Podman: each container is followed as long as it runs, and to its end.

The engine's event stream tells when containers start and stop; it only triggers a look at the list, which happens every
minute anyway. Lines are read from the engine itself, so the rotation of its files does not matter.
"""

import asyncio
import fnmatch
import logging
import os
from typing import Any, NamedTuple
from urllib.parse import quote

import msgspec

from decnet_core.deckies.labels import DECKY_LABEL, FORMAT_LABEL
from decnet_core.exits import StartupError
from decnet_core.text import for_terminal
from decnet_sniff.collect.containers.checkpoints import Checkpoint, SeenLines
from decnet_sniff.collect.containers.engine_api import Engine, EngineError
from decnet_sniff.collect.containers.log_stream import STDERR, LogLine, LogStream, StreamError
from decnet_sniff.collect.input_sink import InputSink
from decnet_sniff.collect.record import Record

log = logging.getLogger(__name__)

SOCKETS = ("/run/podman/podman.sock", "/var/run/docker.sock")
_LIST_SECONDS = 60.0
_NUDGE_SECONDS = 0.2
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0


class Container(NamedTuple):
    """One container of the engine's list."""

    id: str
    name: str
    running: bool
    decky: str = ""
    """The decky that it is, by its label; empty: it is none of ours."""
    format: str = ""
    """The format of its lines, by its label."""


class ContainerInput:
    """The containers of one engine; `now` (s since the Unix epoch) is where those without wanted history begin."""

    def __init__(self, sink: InputSink, checkpoints: dict[str, Checkpoint], *, limit: int, now: int) -> None:
        self._sink = sink
        self._seen_lines = {identity: SeenLines(checkpoint) for identity, checkpoint in checkpoints.items()}
        self._engine = Engine(sink.settings.path or next(filter(os.path.exists, SOCKETS), SOCKETS[0]))
        self._limit = limit
        self._first = Checkpoint() if sink.settings.history else Checkpoint(now * 1_000_000_000)
        self._tasks: dict[str, asyncio.Task[Any]] = {}
        self._finished: set[str] = set()
        """Containers that have ended and been read completely."""
        self._failed: set[str] = set()
        """Containers whose log the engine does not return; tried again with each look at the list."""
        self._nudge = asyncio.Event()
        self._trouble = ""
        self._reached = False
        """Whether the engine has returned its list since it was last unreachable."""

    async def open(self) -> None:
        """Reject an impossible path with StartupError; an engine that is not there yet is waited for."""
        if len(os.fsencode(self._engine.path)) > 107:
            raise StartupError(f"{self._engine.path} is too long for the path of a socket")

    async def run(self) -> None:
        """Follow containers until cancelled; an engine that goes away is waited for."""
        pause = _FIRST_PAUSE
        while True:
            try:
                await self._poll_list()
            except EngineError as error:
                self._sink.count("engine_errors")
                self._warn_once(str(error))
            if self._reached:
                pause = _FIRST_PAUSE
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def positions(self) -> dict[str, Checkpoint]:
        """Return the checkpoint of each container that the engine still has."""
        return {identity: window.checkpoint() for identity, window in self._seen_lines.items()}

    async def close(self) -> None:
        for task in list(self._tasks.values()):
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _poll_list(self) -> None:
        self._reached = False
        receiving = self._sink.ctx.spawn(
            self._receive_events(), name=f"{self._sink.settings.name}.events", may_end=True
        )
        try:
            while True:
                self._nudge.clear()
                self._follow(await self._listed())
                self._reached, self._trouble = True, ""
                try:
                    async with asyncio.timeout(_LIST_SECONDS):
                        await self._nudge.wait()
                        await asyncio.sleep(_NUDGE_SECONDS)  # several events come together
                except TimeoutError:
                    self._failed.clear()
                if receiving.done():
                    raise EngineError("the stream of events ended")
        finally:
            receiving.cancel()

    async def _receive_events(self) -> None:
        """Wait for events: an ended container may have started again, which the list shows."""
        filters = quote(msgspec.json.encode({"type": ["container"]}))
        try:
            async for piece in self._engine.stream(f"/events?filters={filters}"):
                for identity in list(self._finished):
                    if identity.encode() in piece:
                        self._finished.discard(identity)
                if len(piece) > 1 or piece.strip():
                    self._nudge.set()
        except EngineError as error:
            self._warn_once(str(error))
        finally:
            self._finished.clear()
            self._nudge.set()

    async def _listed(self) -> list[Container]:
        """Return the containers to read, and drop the checkpoints of those that are gone."""
        settings = self._sink.settings
        filters = quote(msgspec.json.encode({"label": settings.labels} if settings.labels else {}))
        containers = containers_of(await self._engine.get(f"/containers/json?all=1&filters={filters}"))
        known = {container.id for container in containers}
        for identity in [each for each in self._seen_lines if each not in known and each not in self._tasks]:
            del self._seen_lines[identity]
        self._finished &= known
        return [
            container
            for container in containers
            if is_meant(container.name, settings.containers) and (settings.format != "label" or container.format)
        ]

    def _follow(self, listed: list[Container]) -> None:
        for container in sorted(listed, key=lambda each: not each.running):
            if container.id in self._tasks or container.id in self._finished or container.id in self._failed:
                continue
            if len(self._tasks) >= self._limit:
                self._sink.count("containers_beyond_limit")
                continue
            if container.id not in self._seen_lines:
                self._seen_lines[container.id] = SeenLines(self._first)
                self._sink.moved()
            name = f"{self._sink.settings.name}.{container.id[:12]}"
            self._tasks[container.id] = self._sink.ctx.spawn(self._read(container), name=name, may_end=True)

    async def _read(self, container: Container) -> None:
        """Read one container's log from its checkpoint until it ends."""
        try:
            await self._read_log(container)
            if not container.running:
                self._finished.add(container.id)
        except (EngineError, StreamError) as error:
            if isinstance(error, StreamError) or error.status:
                self._failed.add(container.id)
            self._sink.count("unreadable")
            log.warning("cannot read container=%s: %s", for_terminal(container.name), error)
        finally:
            del self._tasks[container.id]
        if container.running:
            await asyncio.sleep(_FIRST_PAUSE)  # limits the rate of requests to an engine that ends every answer at once
        self._nudge.set()

    async def _read_log(self, container: Container) -> None:
        window, lines = self._seen_lines[container.id], LogStream()
        window.begin()
        query = f"follow={int(container.running)}&stdout=1&stderr=1&timestamps=1&since={window.since}"
        async for piece in self._engine.stream(f"/containers/{container.id}/logs?{query}"):
            self._take(container, window, lines.feed(piece))
            await self._sink.room()
        self._take(container, window, lines.end())

    def _take(self, container: Container, window: SeenLines, lines: list[LogLine]) -> None:
        for line in lines:
            identity = window.admit(line)
            if identity is not None:
                self._sink.take(record_of(container, line, identity))
                self._sink.moved()

    def _warn_once(self, trouble: str) -> None:
        """Log a problem once, not at every attempt."""
        if trouble != self._trouble:
            self._trouble = trouble
            log.warning("container engine source=%s: %s", self._sink.settings.name, for_terminal(trouble))


def checkpoints_of(saved: object) -> dict[str, Checkpoint]:
    """Return the checkpoints that an earlier run saved; none from invalid data."""
    try:
        return {} if saved is None else msgspec.convert(saved, dict[str, Checkpoint])
    except msgspec.ValidationError:
        return {}


def containers_of(answer: object) -> list[Container]:
    """Return the containers in an answer to `/containers/json`; invalid entries are omitted."""
    if not isinstance(answer, list):
        return []
    containers = []
    for each in answer:
        if not isinstance(each, dict):
            continue
        identity, names = each.get("Id"), each.get("Names")
        if isinstance(identity, str) and identity.isalnum() and identity.isascii():
            name = names[0] if isinstance(names, list) and names and isinstance(names[0], str) else identity[:12]
            running = each.get("State") in ("running", "paused", "restarting", "stopping")
            labels = (_label(each.get("Labels"), key) for key in (DECKY_LABEL, FORMAT_LABEL))
            containers.append(Container(identity, name.removeprefix("/"), running, *labels))
    return containers


def _label(labels: object, key: str) -> str:
    value = labels.get(key) if isinstance(labels, dict) else None
    return value if isinstance(value, str) else ""


def is_meant(name: str, patterns: tuple[str, ...]) -> bool:
    """Return whether a container of this name is to be read."""
    return not patterns or any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def record_of(container: Container, line: LogLine, identity: bytes) -> Record:
    """Return a line as a record of the container: of the decky that its label names, else by the engine's name."""
    return Record(
        text=line.text,
        origin=f"container {container.name}",
        identity=(b"container", container.id.encode(), identity),
        size=line.size,
        ts=line.ts,
        host=container.decky or container.name,
        app=container.name,
        format=container.format,
        facility=3,
        severity=3 if line.stream == STDERR else 6,
    )
