# SPDX-License-Identifier: MIT
"""The worker `collect`: turns lines of other programs' logs into events, each exactly once.

Files are read in the worker's thread (`files`); a journal, containers and the network push (`input_sink`). Positions
are saved only after the events before them are on the disk; what is read again gets the ids it had.
"""

import asyncio
import ipaddress
import logging
import time
from pathlib import Path
from typing import Any, Literal

from decnet_core.exits import StartupError
from decnet_core.keys import KeyFileError, read_or_create
from decnet_core.net.addresses import parse_endpoint
from decnet_core.runtime.context import Context
from decnet_core.runtime.worker import MIB, Worker
from decnet_core.spool.quarantine import Quarantine
from decnet_sniff.collect.emitter import Emitter, Reader
from decnet_sniff.collect.files.file_inputs import FileInputs, is_full
from decnet_sniff.collect.files.positions import FilePosition, Positions
from decnet_sniff.collect.formats.readers import reader_of
from decnet_sniff.collect.input_sink import InputSink, PushInput
from decnet_sniff.collect.kinds import PRODUCED
from decnet_sniff.collect.settings import CollectSettings

log = logging.getLogger(__name__)

_SAVE_SECONDS = 1.0


class Collect(Worker[CollectSettings]):
    """Turns the logs of other honeypots and hosts into events.

    From files, the systemd journal, containers, and syslog over UDP and TCP; through rotation, truncation and restarts
    without losing or duplicating a line.
    """

    name = "collect"
    exposed = True
    parks = True
    Settings = CollectSettings
    group = "sensor"
    memory_budget = 64 * MIB
    writes = ("positions", "quarantine/collect")
    produces = PRODUCED
    commands = "decnet_sniff.collect.commands"

    def __init__(self, settings: CollectSettings) -> None:
        super().__init__(settings)
        self._files: FileInputs | None = None
        self._push_inputs: dict[str, PushInput] = {}
        self._tasks: list[asyncio.Task[Any]] = []

    @classmethod
    def capabilities(cls, settings: CollectSettings) -> tuple[str, ...]:
        ports = [parse_endpoint(source.listen)[1] for source in settings.source if source.listen]
        return ("CAP_NET_BIND_SERVICE",) if any(0 < port < 1024 for port in ports) else ()

    @classmethod
    def reach(cls, settings: CollectSettings) -> Literal["none", "loopback", "any"]:
        """Return what its listeners need; a collector of files needs no network."""
        hosts = [ipaddress.ip_address(parse_endpoint(source.listen)[0]) for source in settings.source if source.listen]
        if not hosts:
            return "none"
        return "loopback" if all(host.is_loopback for host in hosts) else "any"

    @classmethod
    def main(cls) -> int:
        """Run the console script `decnet-collect`; `--check` is a shortcut for `check`."""
        import sys

        if sys.argv[1:2] == ["--check"]:
            sys.argv[1] = "check"
        return super().main()

    async def start(self, ctx: Context) -> None:
        """Load the saved positions, and begin to receive."""
        self._progress = asyncio.Event()
        self._quarantine = Quarantine(ctx.state.root / "quarantine" / self.name, self.settings.quarantine_bytes)
        self._emitter = Emitter(ctx, self._quarantine, await ctx.in_thread(_key, ctx.state.positions / "collect.key"))
        ctx.counters.read_from(self._quarantine.counters)
        readers = {source.name: reader_of(source) for source in self.settings.source}
        await self._start_files(ctx, readers)
        await self._start_push_inputs(ctx, readers)

    async def _start_files(self, ctx: Context, readers: dict[str, Reader]) -> None:
        positions = Positions(ctx.state.positions / "collect.json", dict[str, list[FilePosition]])
        saved = await ctx.in_thread(positions.load)
        sources = [(source, readers[source.name]) for source in self.settings.source if source.input == "file"]
        only_files = len(sources) == len(self.settings.source)
        self._files = FileInputs(self.settings, sources, positions, saved, parks=only_files)
        ctx.counters.read_from(self._files.counters)

    async def _start_push_inputs(self, ctx: Context, readers: dict[str, Reader]) -> None:
        self._positions = Positions(ctx.state.positions / "collect-streams.json", dict[str, Any])
        saved = await ctx.in_thread(self._positions.load)
        for source in self.settings.source:
            if source.input != "file":
                sink = InputSink(ctx, self._emitter, source, readers[source.name], self._progress)
                push_input = push_input_of(sink, saved.get(source.name), self.settings)
                await push_input.open()
                self._push_inputs[source.name] = push_input

    async def run(self, ctx: Context) -> None:
        self._tasks = [ctx.spawn(push_input.run(), name=name) for name, push_input in self._push_inputs.items()]
        if self._push_inputs:
            self._tasks.append(ctx.spawn(self._keep_saving(ctx), name="positions"))
        if not self.settings.source:
            log.info("no [[collect.source]] is set; nothing to do")
            await ctx.off()
        if any(source.input == "file" for source in self.settings.source):
            assert self._files is not None
            await self._files.run(ctx, self._emitter, self._quarantine)
        await ctx.stopping.wait()

    async def stop(self, ctx: Context) -> None:
        """Stop receiving, save the positions and release everything that `start` opened."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for push_input in self._push_inputs.values():
            await push_input.close()
        if self._push_inputs:
            await self._save_push_inputs(ctx)
        if self._files is not None:
            await ctx.in_thread(self._files.save, ctx, self._quarantine)
            self._files.close()
            self._quarantine.close()

    async def _keep_saving(self, ctx: Context) -> None:
        """Save the positions of push inputs a second after the first of them has moved."""
        while True:
            await self._progress.wait()
            await asyncio.sleep(_SAVE_SECONDS)
            self._progress.clear()
            await self._save_push_inputs(ctx)

    async def _save_push_inputs(self, ctx: Context) -> None:
        """Save the positions of push inputs, once the spool, which has all events before them, is on the disk."""
        reached = {name: push_input.positions() for name, push_input in self._push_inputs.items()}
        positions = {name: position for name, position in reached.items() if position is not None}
        await ctx.in_thread(self._save_after_spool, ctx, positions)

    def _save_after_spool(self, ctx: Context, positions: dict[str, Any]) -> None:
        self._quarantine.sync()
        if ctx.spool is not None:
            ctx.spool.sync()
        if is_full(ctx):
            self._progress.set()
        else:
            self._positions.keep(ctx, positions)


def _key(file: Path) -> bytes:
    try:
        return read_or_create(file)
    except KeyFileError as error:
        raise StartupError(str(error)) from error


def push_input_of(sink: InputSink, saved: Any, settings: CollectSettings) -> PushInput:
    """Return the push input of a source, with its `saved` position; loads only the code that it needs."""
    match sink.settings.input:
        case "journal":
            from decnet_sniff.collect.journal import journal_input

            return journal_input.JournalInput(sink, journal_input.position_of(saved))
        case "containers":
            from decnet_sniff.collect.containers import container_input

            checkpoints = container_input.checkpoints_of(saved)
            return container_input.ContainerInput(sink, checkpoints, limit=settings.containers, now=int(time.time()))
        case "udp":
            from decnet_sniff.collect.network.syslog_udp import SyslogUdpInput

            return SyslogUdpInput(sink, settings.network)
        case "tcp":
            from decnet_sniff.collect.network.syslog_tcp import SyslogTcpInput

            return SyslogTcpInput(sink, settings.network)
        case other:
            raise ValueError(f"{other} is not a push input")
