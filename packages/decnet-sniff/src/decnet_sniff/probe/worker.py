# SPDX-License-Identifier: MIT
"""The worker `probe`: probes hosts that contacted a decoy, as far as `safety` allows.

It learns of them from the spools of this host: events of decoys and of collected logs that only a completed TCP
connection can cause. `src` of an event is the host and the port that were probed.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from typing import Final

import msgspec

from decnet_core.bus.subjects import SPOOL_APPENDED
from decnet_core.durable import make_directory
from decnet_core.events.catalogue import CertificateProbed, ProbeChanged, SshProbed, StackProbed, TlsProbed
from decnet_core.events.codec import BadEventError
from decnet_core.exits import StartupError
from decnet_core.net.addresses import Address
from decnet_core.net.host_addresses import is_this_host
from decnet_core.net.rates import TokenBucket
from decnet_core.runtime.context import Context
from decnet_core.runtime.worker import MIB, Worker
from decnet_core.timing.durations import SECOND_NS
from decnet_sniff.probe import targets
from decnet_sniff.probe.probe_run import Host, ProbeResult, run_probe
from decnet_sniff.probe.safety import Budget, Rules, changed, refusal
from decnet_sniff.probe.seen_hosts import Contact, new_contacts
from decnet_sniff.probe.settings import ProbeSettings
from decnet_sniff.probe.targets import Targets

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 2.0
REST_SECONDS: Final = 1.0
"""Minimum time between two looks at the spools."""
SAVE_SECONDS: Final = 30.0
"""How long contacts and positions may stay unsaved; a probe is always saved before it is made."""


class Probe(Worker[ProbeSettings]):
    """Fingerprints hosts that contacted a decoy: JARM, certificate, HASSHServer, TCP/IP stack.

    Off until its setting `enabled` is true. Private, own and excluded addresses are never probed, nor those that may be
    forged.
    """

    name = "probe"
    exposed = True
    parks = True
    Settings = ProbeSettings
    group = "sensor"
    memory_budget = 64 * MIB
    network = "any"
    listens = (SPOOL_APPENDED.wildcard,)
    produces = (TlsProbed, CertificateProbed, SshProbed, StackProbed, ProbeChanged)
    reads_spools = True
    writes = ("probe",)
    commands = "decnet_sniff.probe.commands"

    def __init__(self, settings: ProbeSettings) -> None:
        super().__init__(settings)
        self._bucket = TokenBucket(settings.connections_per_second, settings.burst)
        self._rules = rules_of(settings, self._is_own)
        self._probing: set[str] = set()
        self._stack = settings.stack
        self._saved = 0.0

    @classmethod
    def capabilities(cls, settings: ProbeSettings) -> tuple[str, ...]:
        return ("CAP_NET_RAW",) if settings.stack else ()

    async def start(self, ctx: Context) -> None:
        """Load the earlier results; raises StartupError when nothing can be stored."""
        folder = ctx.state.root / "probe"
        try:
            make_directory(folder)
        except OSError as error:
            raise StartupError(f"cannot make {folder}: {error.strerror}") from error
        self._file = folder / "targets.json"
        self._targets = Targets(targets.load(self._file), self.settings.targets, self.settings.plan)
        ctx.counters.read_from(self._counters)
        if not self.settings.enabled:
            log.info("[probe] enabled is not true; no host is probed")

    async def run(self, ctx: Context) -> None:
        """Find hosts that contacted us, and probe those that are due, until stopped."""
        if not self.settings.enabled:
            await ctx.off()
            return
        seconds = 0.0
        while not ctx.stopping.is_set():
            await ctx.nudged(seconds)
            if not ctx.stopping.is_set():
                seconds = await self._look(ctx)
                with contextlib.suppress(TimeoutError):  # however many nudges there are
                    async with asyncio.timeout(REST_SECONDS):
                        await ctx.stopping.wait()

    async def _look(self, ctx: Context) -> float:
        """Read the spools and start the probes that are due; return how long to wait for a nudge afterwards."""
        began, before = time.monotonic(), self._targets.kept.positions
        more = await self._read_contacts(ctx)
        await self._probe_due(ctx)
        if time.monotonic() - self._saved > SAVE_SECONDS:
            await self._save(ctx)
        seconds = 0.0 if more else ctx.poll_seconds(LOOK_SECONDS)
        if more or self._probing or self._targets.kept.positions != before:
            ctx.parking.worked()
            return seconds
        return ctx.parking.rest(began, seconds, self._targets.due_in(time.time()))

    async def stop(self, ctx: Context) -> None:
        if hasattr(self, "_targets"):
            await self._save(ctx)

    async def _read_contacts(self, ctx: Context) -> bool:
        """Add the hosts that contacted us since the last look; return whether there is more to read."""
        kept = self._targets.kept
        try:
            new = await ctx.in_thread(new_contacts, ctx.state.spool, self.name, ctx.sensor, dict(kept.positions))
        except OSError as error:
            ctx.counters.add("probe_spool_errors")
            log.warning("a spool cannot be read: %s", error)
            return False
        if new.positions != kept.positions:
            kept.positions = new.positions
            self._targets.dirty = True
        for contact in new.contacts:
            self._add_contact(ctx, contact)
        return new.more

    def _add_contact(self, ctx: Context, contact: Contact) -> None:
        ctx.counters.add("probe_contacts")
        now = time.time_ns()
        if contact.ours:
            self._targets.add_own_address(contact.ours)
        if now - contact.ts > self.settings.plan.keep * SECOND_NS:
            return
        if refusal(contact.address, self._rules) is not None:
            ctx.counters.add("probe_contacts_refused")
            return
        self._targets.add_contact(contact.address, min(contact.ts, now))

    async def _probe_due(self, ctx: Context) -> None:
        """Start the probes that are due, as many as may run at once."""
        while len(self._probing) < self.settings.at_once:
            address = self._targets.due(time.time(), self._probing)
            if address is None:
                return
            if refusal(address, self._rules) is not None:  # settings, or our own addresses, may have changed meanwhile
                self._targets.drop(address)
                ctx.counters.add("probe_contacts_refused")
                continue
            self._probing.add(address)
            target = self._targets.begin_probe(address, time.time())
            if not await self._save(ctx):
                self._probing.discard(address)
                return
            before, host = dict(target.found), Host(address, contact=target.contact)
            ctx.spawn(self._probe(ctx, host, before), name=f"probe {address}", may_end=True)

    async def _probe(self, ctx: Context, host: Host, before: dict[str, str]) -> None:
        fingerprints: dict[str, str] = {}
        budget = Budget(self.settings.connections_per_probe)
        ctx.counters.add("probe_runs")
        settings = msgspec.structs.replace(self.settings, stack=self._stack)
        try:
            async with asyncio.timeout(self.settings.probe_seconds):
                async for one in run_probe(host, settings, lambda number: self._spend(ctx, budget, number)):
                    fingerprints[one.key] = one.value
                    self._report(ctx, host, one, before)
        except TimeoutError:
            ctx.counters.add("probe_runs_cut")
        except PermissionError:
            self._stack = False
            log.warning("CAP_NET_RAW is missing: TCP/IP stacks are not fingerprinted; run `decnet init` again")
        except OSError as error:
            ctx.counters.add("probe_errors")
            log.warning("a probe failed: %s", error)
        finally:
            self._probing.discard(host.address)
            self._targets.record_result(host.address, time.time(), fingerprints)
            ctx.nudge()

    async def _spend(self, ctx: Context, budget: Budget, number: int) -> bool:
        """Wait until `number` more connections are allowed; False when this probe has none left."""
        if budget.left < number or not budget.spend():
            return False
        await asyncio.sleep(self._bucket.delay(time.monotonic()))
        ctx.counters.add("probe_connections")
        return True

    def _report(self, ctx: Context, host: Host, result: ProbeResult, before: dict[str, str]) -> None:
        source = host.address, result.port
        try:
            ctx.emit(result.payload, src=source)
            for old, new in changed(before, {result.key: result.value}).values():
                ctx.emit(ProbeChanged(host.contact, result.what, old, new), src=source)
                ctx.counters.add("probe_changes")
        except BadEventError as error:
            ctx.counters.add("probe_findings_too_large")
            log.warning("a finding cannot be reported: %s", error)
        ctx.counters.add("probe_findings")

    async def _save(self, ctx: Context) -> bool:
        """Save the table if it changed; False when that fails: then no host is probed, so that none is probed twice."""
        self._saved = time.monotonic()
        if not self._targets.dirty:
            return True
        content = msgspec.json.encode(self._targets.kept)
        self._targets.dirty = False
        try:
            await ctx.in_thread(targets.save, self._file, content)
        except OSError as error:
            self._targets.dirty = True
            ctx.counters.add("probe_save_errors")
            log.warning("cannot write %s, so no host is probed: %s", self._file, error)
            return False
        return True

    def _is_own(self, address: Address) -> bool:
        return str(address) in self._targets.kept.ours or is_this_host(address)

    def _counters(self) -> dict[str, float]:
        return {
            "probe_targets": len(self._targets),
            "probe_targets_forgotten": self._targets.forgotten,
            "probe_running": len(self._probing),
        }


def rules_of(settings: ProbeSettings, is_own: Callable[[Address], bool]) -> Rules:
    return Rules(settings.networks("allow"), settings.networks("deny"), settings.networks("only"), is_own)
