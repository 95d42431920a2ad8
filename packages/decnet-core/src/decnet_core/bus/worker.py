# SPDX-License-Identifier: MIT
"""The embedded broker as a worker."""

import asyncio
import contextlib
import logging
import signal
import time

from decnet_core.bus.broker.listener import AlreadyRunningError, NameTakenError
from decnet_core.bus.broker.server import Broker
from decnet_core.bus.interface import BusError
from decnet_core.bus.settings import BusSettings
from decnet_core.exits import StartupError
from decnet_core.net.descriptor_limit import allow_descriptors
from decnet_core.runtime.context import Context
from decnet_core.runtime.worker import MIB, Worker

log = logging.getLogger(__name__)

_OTHER_FILES = 64  # descriptors a process has besides its connections
_DRAIN_SECONDS = 1.0
_RETRY_SECONDS = 1.0
_PREDECESSOR_SECONDS = 5.0
_LOOK_SECONDS = 0.05


class Bus(Worker[BusSettings]):
    """Carries the nudges between the workers of this machine: a broker that speaks NATS on a UNIX socket."""

    name = "bus"
    Settings = BusSettings
    group = "bus"
    memory_budget = 160 * MIB
    oom_score_adj = 100
    serves_workers = True

    def __init__(self, settings: BusSettings) -> None:
        super().__init__(settings)
        self._broker: Broker | None = None
        self._listening = False
        self._retiring = asyncio.Event()

    async def start(self, ctx: Context) -> None:
        """Listen; StartupError when a broker of ours is already there or a setting cannot be met."""
        if not self.settings.embedded:
            raise StartupError("[bus] url names an external bus; remove it, or do not start the embedded broker")
        allow_files(self.settings.max_connections + _OTHER_FILES)
        try:
            self._broker = Broker(self.settings, ctx.state.bus_socket)
            self._listening = await _listens_after_predecessor(self._broker)
        except BusError as error:
            raise StartupError(str(error)) from error
        ctx.counters.read_from(self._broker.counters)
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR2, self._retiring.set)
        ctx.spawn(self._retire_when_told(ctx), name="lame-duck", may_end=True)

    async def run(self, ctx: Context) -> None:
        """Wait, if need be until the socket's name is free; the broker's connections are served by the event loop."""
        while not (self._listening or ctx.stopping.is_set()):
            ctx.counters.add("name_taken")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(ctx.stopping.wait(), _RETRY_SECONDS)
            if self._broker is not None and not ctx.stopping.is_set():
                self._listening = await _listens(self._broker)
        await ctx.stopping.wait()

    async def _retire_when_told(self, ctx: Context) -> None:
        """Enter lame duck mode on SIGUSR2, the signal of nats-server for it; end when every client is gone."""
        await self._retiring.wait()
        if self._broker is not None:
            await self._broker.retire()
        ctx.stop()

    async def stop(self, ctx: Context) -> None:
        """Drain our own client first, then close every connection."""
        if self._broker is not None:
            await ctx.bus.drain(_DRAIN_SECONDS)
            await self._broker.stop()


async def _listens_after_predecessor(broker: Broker) -> bool:
    """Do as `_listens`, but give a broker that is being stopped the time to end: a supervisor may have replaced it."""
    deadline = time.monotonic() + _PREDECESSOR_SECONDS
    while True:
        try:
            return await _listens(broker)
        except AlreadyRunningError:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(_LOOK_SECONDS)


async def _listens(broker: Broker) -> bool:
    """Start `broker`; return False when something else has the socket's name. Raises BusError."""
    try:
        await broker.start()
    except NameTakenError as error:
        log.error("%s; tried again every second", error)  # noqa: TRY400  # the operator needs the sentence only
        return False
    return True


def allow_files(count: int) -> None:
    """Raise this process's limit of open files to `count`, as far as it may."""
    if (allowed := allow_descriptors(count)) < count:
        log.warning("only %d of max_connections can be served: raise LimitNOFILE", allowed - _OTHER_FILES)
