# SPDX-License-Identifier: MIT
"""The supervisor's side of the viewer: runs one all the time at a terminal, else only while something happens.

Into a pipe the supervisor prints itself what it knows, the states of the workers. Only events need the database, so a
viewer is started when some were committed, and ends when none have been for `[runtime] park_seconds`: it is parked like
a worker. What it has shown it reports, so that the next one goes on from there.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import sys
import termios

import msgspec

from decnet.fleet.deployment import Deployment
from decnet.up.hosting import log_file
from decnet.up.lines import JsonLines, PlainLines
from decnet.up.viewer.messages import (
    ASKED,
    Asked,
    Changed,
    Said,
    Show,
    Shown,
    Unread,
    decode_report,
    received,
    send,
)
from decnet_core.bus.interface import Bus, Subscription
from decnet_core.bus.subjects import EVENTS_INGESTED
from decnet_core.runtime.settings import RuntimeSettings
from decnet_core.supervise.fleet import Fleet
from decnet_core.supervise.fork.child_process import ChildProcess
from decnet_core.supervise.lifecycle import Status
from decnet_core.tasks import Tasks
from decnet_core.timing.backoff import backoff
from decnet_models.database.quick_look import Ends

log = logging.getLogger(__name__)

SHOW_SHELL = "\x1b[?1049l\x1b[?25h"
"""Leaves the page that a killed process could not close, and shows the cursor (xterm control sequences)."""
PLACE = "decnet.up.viewer.process:main"
_END_SECONDS = 5.0
_LONGEST_PAUSE = 60.0


class Viewer:
    """Shows one fleet; `changed` and `message` return at once."""

    def __init__(self, show: Show, deployment: Deployment, ends: Ends | None, *, inside: bool) -> None:
        """`ends` are those of the logs before the fleet started, if they are known.

        `inside`: the viewer is a task of this process, where the workers are.
        """
        self._inside = inside
        self._show = show
        self._park_seconds = deployment.settings.section("runtime", RuntimeSettings).park_seconds
        self._lines = None if show is Show.PAGE else JsonLines() if show is Show.JSON else PlainLines()
        self._statuses: dict[str, Status] = {}
        self._said = ""
        self._ends = ends
        self._guided = False
        self._shown_at = 0.0
        """When the viewer that runs last said what it has shown; 0: it has not yet."""
        self._wanted = asyncio.Event()
        self._wanted.set()  # for the guide
        self._last = 0.0
        self._channel: socket.socket | None = None
        self._ended = asyncio.Event()
        self._child: ChildProcess | None = None
        self._log = log_file(deployment, "view")
        self._tasks = Tasks("viewer")
        self._keys = termios.tcgetattr(sys.stdin) if show is Show.PAGE and _is_terminal() else None

    def changed(self, status: Status) -> None:
        """Show a worker's new state."""
        if self._lines is not None:
            self._lines.changed(status)
            return
        self._statuses[status.name] = status
        self._send(Changed(status))

    def message(self, text: str) -> None:
        """Show a message to the operator."""
        if self._lines is not None:
            self._lines.message(text)
            return
        self._said = text
        self._send(Said(text))

    async def keep(self, fleet: Fleet, bus: Bus) -> None:
        """Start a viewer whenever there is something to show; BrokenPipeError when nobody reads the output."""
        nudges = await bus.subscribe(EVENTS_INGESTED.pattern, limit=1)
        bus.on_change(self._wanted.set)  # a nudge may be lost
        self._tasks.spawn(self._hear(nudges), name="nudges", may_end=True)
        failures = 0
        while True:
            await self._wanted.wait()
            began = asyncio.get_running_loop().time()
            if await self._live(fleet, bus):
                failures = 0
                continue
            failures = 0 if asyncio.get_running_loop().time() - began > _LONGEST_PAUSE else failures + 1
            self._wanted.set()
            await asyncio.sleep(backoff(0.5, failures, _LONGEST_PAUSE))

    async def close(self) -> None:
        """End the viewer and leave the terminal as it was."""
        await self._end()
        await self._tasks.close()
        if self._show is Show.PAGE and not self._ended.is_set():
            _say(self._said)
        if self._keys is not None:
            with contextlib.suppress(termios.error):
                termios.tcsetattr(sys.stdin, termios.TCSANOW, self._keys)

    async def failed(self) -> None:
        """Raise BrokenPipeError when nobody reads the output any more."""
        await self._tasks.failed()

    async def _hear(self, nudges: Subscription) -> None:
        async for _ in nudges:
            self._last = asyncio.get_running_loop().time()
            self._wanted.set()

    async def _live(self, fleet: Fleet, bus: Bus) -> bool:
        """Run one viewer until it is not needed or has ended; return whether it was asked to end."""
        try:
            await self._start(fleet)
        except OSError as error:
            log.warning("nothing is shown: %s", error)
            return False
        while not self._ended.is_set():
            self._wanted.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), self._park_seconds)
            if not self._ended.is_set() and self._may_park(bus):
                await self._end()
                return True
        await self._forget()
        log.warning("the viewer ended by itself")
        return False

    def _may_park(self, bus: Bus) -> bool:
        quiet = asyncio.get_running_loop().time() - self._last >= self._park_seconds
        is_done = self._shown_at > self._last and quiet and bus.connected
        return self._lines is not None and not self._inside and is_done

    async def _start(self, fleet: Fleet) -> None:
        page = self._show is Show.PAGE
        asked = Asked(self._show, self._ends, guide=page or not self._guided)
        self._shown_at = 0.0
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._ended.clear()
        if self._inside:
            from decnet.up.viewer.process import show

            self._tasks.spawn(show(asked, theirs), name="show", may_end=True)
            self._attend(ours)
            return
        handed = {"channel": theirs.detach(), "out": os.dup(1), **({"in": os.dup(0)} if page else {})}
        try:
            self._child = await fleet.spawn_beside(
                "view",
                PLACE,
                {ASKED: msgspec.json.encode(asked).decode()},
                handed,
                self._log.write,
                resident=page,
            )
        except BaseException:
            ours.close()
            raise
        finally:
            for descriptor in handed.values():
                os.close(descriptor)
        self._attend(ours)

    def _attend(self, ours: socket.socket) -> None:
        ours.setblocking(False)
        self._channel = ours
        asyncio.get_running_loop().add_reader(ours, self._receive)
        for status in self._statuses.values():
            self._send(Changed(status))
        if self._said:
            self._send(Said(self._said))

    def _receive(self) -> None:
        assert self._channel is not None
        data = received(self._channel)
        if data is None:
            return
        if not data:
            asyncio.get_running_loop().remove_reader(self._channel)
            self._ended.set()
            return
        match decode_report.decode(data):
            case Shown(ends):
                self._ends, self._guided = ends, True
                self._shown_at = asyncio.get_running_loop().time()
            case Unread():
                self._tasks.spawn(_unread(), name="output")

    def _send(self, message: Changed | Said) -> None:
        if self._channel is not None:
            send(self._channel, message)

    async def _end(self) -> None:
        """Ask the viewer to end, kill it when it does not."""
        if self._channel is not None:
            with contextlib.suppress(OSError):
                self._channel.shutdown(socket.SHUT_WR)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), _END_SECONDS)
        await self._forget()

    async def _forget(self) -> None:
        """Close the channel; wait for the end of the process on the other side, kill it when that does not come."""
        if self._channel is not None:
            asyncio.get_running_loop().remove_reader(self._channel)
            self._channel.close()
            self._channel = None
        if self._child is not None:
            await self._child.wait_or_kill(_END_SECONDS)
            self._child = None


async def _unread() -> None:
    raise BrokenPipeError


def _is_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def _say(text: str) -> None:
    """Leave the page in place of a viewer that could not, and print what it had to say."""
    sys.stdout.write(SHOW_SHELL + (f"{text}\n" if text else ""))
    sys.stdout.flush()
