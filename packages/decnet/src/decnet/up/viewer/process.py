# SPDX-License-Identifier: MIT
"""The viewer: shows events and alerts as they are committed, the guide, and at a terminal the live screen."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket

import msgspec

from decnet.access import links
from decnet.canary.tokens import first_tokens
from decnet.cli.errors import RefusedError, UnavailableError
from decnet.cli.operator_name import operator
from decnet.fleet.bus_access import bus_client
from decnet.fleet.deployment import Deployment, find_deployment
from decnet.fleet.event_feed import EventFeed
from decnet.fleet.notice_feed import NoticeFeed
from decnet.up.figures import measure, memory_of_fleet
from decnet.up.guide import guide_to
from decnet.up.preparation import prepare_in_process
from decnet.up.preparation_process import ends_in
from decnet.up.view import JsonView, PlainView, View
from decnet.up.viewer.messages import (
    ASKED,
    Asked,
    Changed,
    Said,
    Show,
    Shown,
    Unread,
    decode_order,
    encode,
    received,
    send,
)
from decnet_core.bus.client import Client
from decnet_core.net.inherited import VARIABLE, named
from decnet_core.runtime import logs
from decnet_core.supervise.lifecycle import Status
from decnet_core.tasks import Tasks
from decnet_decoys.fleet import FleetError
from decnet_models.database.quick_look import Ends

_FIGURES_SECONDS = 2.0
_RETRY_SECONDS = 2.0


def main() -> int:
    """Show the fleet until the supervisor ends its side of the channel, however it does."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # sent when the zygote dies: the supervisor still has to say so
    logs.configure("view", "info")
    handed = named(os.environ.pop(VARIABLE))
    asked = msgspec.json.decode(os.environ.pop(ASKED), type=Asked)
    for name, descriptor in (("in", 0), ("out", 1)):
        if name in handed:
            os.dup2(handed[name], descriptor)
            os.close(handed[name])
    asyncio.run(show(asked, socket.socket(fileno=handed["channel"])))
    return 0


async def show(asked: Asked, channel: socket.socket) -> None:
    """Show the fleet until the other side of the channel ends; a fleet of tasks does so in its only process."""
    with channel:
        channel.setblocking(False)
        view = _view(asked.show)
        try:
            await Viewer(asked, channel, view).run()
        except BrokenPipeError:  # `decnet up --plain | head`
            with contextlib.suppress(OSError):
                channel.send(encode(Unread()))
        finally:
            with contextlib.suppress(BrokenPipeError):
                view.close()


def _view(show: Show) -> View:
    if show is Show.PLAIN:
        return PlainView()
    if show is Show.JSON:
        return JsonView()
    from decnet.up.screen.live import LiveView

    return LiveView(str(find_deployment().state.root))


class Viewer:
    """Reads the database for one view."""

    def __init__(self, asked: Asked, channel: socket.socket, view: View) -> None:
        self._deployment = find_deployment()
        self._asked = asked
        self._channel = channel
        self._view = view
        self._statuses: dict[str, Status] = {}
        self._ending = asyncio.Event()
        self._tasks = Tasks("view")
        self._ends = asked.ends

    async def run(self) -> None:
        """Show until the other side of the channel ends."""
        asyncio.get_running_loop().add_reader(self._channel, self._receive)
        bus = await bus_client(self._deployment, "decnet-view")
        try:
            self._tasks.spawn(self._show_database(bus), name="database")
            self._view.attend()
            if self._view.is_screen:
                self._tasks.spawn(self._show_figures(bus), name="figures")
            await self._tasks.until(self._ending)
        finally:
            asyncio.get_running_loop().remove_reader(self._channel)
            await self._tasks.close()
            await bus.close()

    def _receive(self) -> None:
        data = received(self._channel)
        if data is None:
            return
        if not data:
            asyncio.get_running_loop().remove_reader(self._channel)
            self._ending.set()
            return
        match decode_order.decode(data):
            case Changed(status):
                self._statuses[status.name] = status
                self._view.changed(status)
            case Said(text):
                self._view.message(text)

    def _report(self, ends: Ends) -> None:
        self._ends = ends
        send(self._channel, Shown(ends))

    async def _show_database(self, bus: Client) -> None:
        """Show what only the database knows, once it can be used: where to attack, and what happens."""
        found = await self._await_database()
        begin = self._asked.ends or found.ends
        self._ends = begin
        feed = EventFeed(self._deployment, bus)
        feed.seq = begin.event
        if self._view.is_screen:
            self._tasks.spawn(self._show_alerts(NoticeFeed(self._deployment, bus, begin.notice)), name="alerts")

        def report() -> None:
            assert self._ends is not None
            self._report(Ends(feed.seq, self._ends.notice))

        async for batch in feed.batches(report):
            self._view.happened(batch)
            report()

    async def _show_alerts(self, feed: NoticeFeed) -> None:
        async for batch in feed.batches():
            self._view.alerted(batch)
            assert self._ends is not None
            self._report(Ends(self._ends.event, batch[-1].seq))

    async def _await_database(self) -> _Found:
        """Migrate the database if that is still to be done; return what is in it.

        While it cannot be used, the fleet runs: decoys spool what happens, and the workers of the database wait, too.
        """
        waiting = False
        while True:
            try:
                found = await asyncio.to_thread(_found, self._deployment, guide=self._asked.guide)
            except UnavailableError as error:
                if not waiting:
                    self._show_guide((), "")
                    self._view.message(f"{error}; what happens is kept in the spools until it can be")
                waiting = True
                await asyncio.sleep(_RETRY_SECONDS)
            else:
                if waiting:
                    self._view.message("the database can be used again")
                self._show_guide(found.canaries, found.dashboard)
                return found

    def _show_guide(self, canaries: tuple[str, ...], dashboard: str) -> None:
        if not self._asked.guide:
            return
        try:
            self._view.guide(guide_to(self._deployment.settings, canaries, dashboard))
        except FleetError as error:  # the decoys worker refuses to start and says the same
            self._view.message(str(error))

    async def _show_figures(self, bus: Client) -> None:
        while True:
            total = await asyncio.to_thread(memory_of_fleet, self._deployment)
            self._view.measured(await measure(self._deployment, bus, self._statuses.values()), total)
            await asyncio.sleep(_FIGURES_SECONDS)


class _Found(msgspec.Struct, frozen=True):
    """What was in the database when the view began."""

    ends: Ends
    canaries: tuple[str, ...] = ()
    """Where canary tokens are reached."""
    dashboard: str = ""
    """Where to open the dashboard; empty: it is off."""


def _found(deployment: Deployment, *, guide: bool) -> _Found:
    ends = _ends(deployment)
    if not guide:
        return _Found(ends)
    canaries = tuple(token.place for token in first_tokens(deployment))
    return _Found(ends, canaries, links.entrance(deployment, operator()))


def _ends(deployment: Deployment) -> Ends:
    try:
        return ends_in(deployment)
    except UnavailableError:
        raise
    except RefusedError:
        ends = prepare_in_process(deployment)
        if ends is None:
            raise UnavailableError("the database cannot be used") from None
        return ends
