# SPDX-License-Identifier: MIT
"""The worker `probe`: visits who came to us, within what `safety` allows.

Whom to visit it learns from the spools of this host, as they are: events of decoys and of collected logs that only a
completed TCP connection can cause. `src` of an event is the host and the port that were asked.
"""

from __future__ import annotations

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
from decnet_core.net.rates import TokenBucket
from decnet_core.runtime.context import Context
from decnet_core.runtime.worker import MIB, Worker
from decnet_sniff.probe import seen_hosts, targets
from decnet_sniff.probe.host_addresses import is_this_host
from decnet_sniff.probe.probe_run import Found, Host, visit
from decnet_sniff.probe.safety import Budget, Rules, changed, refusal
from decnet_sniff.probe.settings import ProbeSettings
from decnet_sniff.probe.targets import Targets

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 2.0
REST_SECONDS: Final = 1.0
"""Between one look and the next at least."""
SAVE_SECONDS: Final = 30.0
"""How long contacts and positions may be unsaved; a visit is always saved before it is made."""
_SECOND: Final = 1_000_000_000


class Probe(Worker[ProbeSettings]):
    """Asks hosts that came to decoys what they run themselves: JARM, certificate, HASSHServer, TCP/IP stack.

    Off until its setting `enabled` is true. Private, own and excluded addresses are never asked, nor those that may
    be forged.
    """

    name = "probe"
    exposed = True
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
        self._asking: set[str] = set()
        self._stack = settings.stack
        self._saved = 0.0

    @classmethod
    def capabilities(cls, settings: ProbeSettings) -> tuple[str, ...]:
        """Return what a raw SYN needs, if one shall be sent."""
        return ("CAP_NET_RAW",) if settings.stack else ()

    async def start(self, ctx: Context) -> None:
        """Read what was found before; raises StartupError when nothing can be kept."""
        folder = ctx.state.root / "probe"
        try:
            make_directory(folder)
        except OSError as error:
            raise StartupError(f"cannot make {folder}: {error.strerror}") from error
        self._file = folder / "targets.json"
        self._targets = Targets(targets.load(self._file), self.settings.targets, self.settings.plan)
        ctx.counters.read_from(self._counters)
        if not self.settings.enabled:
            log.info("[probe] enabled is not true; nobody is asked")

    async def run(self, ctx: Context) -> None:
        """Learn who came, and visit who is due, until it must stop."""
        if not self.settings.enabled:
            await ctx.stopping.wait()
            return
        more = False
        while not ctx.stopping.is_set():
            await ctx.nudged(0.0 if more else ctx.poll_seconds(LOOK_SECONDS))
            if ctx.stopping.is_set():
                return
            more = await self._learn(ctx)
            await self._visit_due(ctx)
            if time.monotonic() - self._saved > SAVE_SECONDS:
                await self._save(ctx)
            with contextlib.suppress(TimeoutError):  # however many nudges there are
                async with asyncio.timeout(REST_SECONDS):
                    await ctx.stopping.wait()

    async def stop(self, ctx: Context) -> None:
        """Keep what was learnt."""
        if hasattr(self, "_targets"):
            await self._save(ctx)

    async def _learn(self, ctx: Context) -> bool:
        """Take up who came since the last look; return whether there is more to read."""
        kept = self._targets.kept
        try:
            found = await ctx.in_thread(seen_hosts.news, ctx.state.spool, self.name, ctx.sensor, dict(kept.positions))
        except OSError as error:
            ctx.counters.add("probe_spool_errors")
            log.warning("a spool cannot be read: %s", error)
            return False
        if found.positions != kept.positions:
            kept.positions = found.positions
            self._targets.dirty = True
        for contact in found.contacts:
            self._came(ctx, contact)
        return found.more

    def _came(self, ctx: Context, contact: seen_hosts.Contact) -> None:
        ctx.counters.add("probe_contacts")
        now = time.time_ns()
        if contact.ours:
            self._targets.is_ours(contact.ours)
        if now - contact.ts > self.settings.plan.keep * _SECOND:
            return
        if refusal(contact.address, self._rules) is not None:
            ctx.counters.add("probe_contacts_refused")
            return
        self._targets.came(contact.address, min(contact.ts, now))

    async def _visit_due(self, ctx: Context) -> None:
        """Begin the visits that are due, as many as there may be at once."""
        while len(self._asking) < self.settings.at_once:
            address = self._targets.due(time.time(), self._asking)
            if address is None:
                return
            if refusal(address, self._rules) is not None:  # settings, or what is ours, may have changed since it came
                self._targets.drop(address)
                ctx.counters.add("probe_contacts_refused")
                continue
            self._asking.add(address)
            target = self._targets.visit(address, time.time())
            if not await self._save(ctx):
                self._asking.discard(address)
                return
            before, host = dict(target.found), Host(address, contact=target.contact)
            ctx.spawn(self._visit(ctx, host, before), name=f"visit {address}", may_end=True)

    async def _visit(self, ctx: Context, host: Host, before: dict[str, str]) -> None:
        """Make one visit and tell what it found."""
        found: dict[str, str] = {}
        budget = Budget(self.settings.connections_per_visit)
        ctx.counters.add("probe_visits")
        settings = msgspec.structs.replace(self.settings, stack=self._stack)
        try:
            async with asyncio.timeout(self.settings.visit_seconds):
                async for one in visit(host, settings, lambda number: self._spend(ctx, budget, number)):
                    found[one.key] = one.value
                    self._tell(ctx, host, one, before)
        except TimeoutError:
            ctx.counters.add("probe_visits_cut")
        except PermissionError:
            self._stack = False
            log.warning("CAP_NET_RAW is missing: TCP/IP stacks are not asked; run `decnet init` again")
        except OSError as error:
            ctx.counters.add("probe_errors")
            log.warning("a visit failed: %s", error)
        finally:
            self._asking.discard(host.address)
            self._targets.visited(host.address, time.time(), found)
            ctx.nudge()

    async def _spend(self, ctx: Context, budget: Budget, number: int) -> bool:
        """Wait until one connection more may be made; False when this visit has not `number` left."""
        if budget.left < number or not budget.spend():
            return False
        await asyncio.sleep(self._bucket.delay(time.monotonic()))
        ctx.counters.add("probe_connections")
        return True

    def _tell(self, ctx: Context, host: Host, found: Found, before: dict[str, str]) -> None:
        source = host.address, found.port
        try:
            ctx.emit(found.payload, src=source)
            for old, new in changed(before, {found.key: found.value}).values():
                ctx.emit(ProbeChanged(host.contact, found.what, old, new), src=source)
                ctx.counters.add("probe_changes")
        except BadEventError as error:
            ctx.counters.add("probe_findings_too_large")
            log.warning("a finding cannot be told: %s", error)
        ctx.counters.add("probe_findings")

    async def _save(self, ctx: Context) -> bool:
        """Keep the table if it changed; False when the disk refuses: then nobody is visited, to be bothered again."""
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
            log.warning("cannot write %s, so nobody is visited: %s", self._file, error)
            return False
        return True

    def _is_own(self, address: Address) -> bool:
        return str(address) in self._targets.kept.ours or is_this_host(address)

    def _counters(self) -> dict[str, float]:
        return {
            "probe_targets": len(self._targets),
            "probe_targets_forgotten": self._targets.forgotten,
            "probe_visiting": len(self._asking),
        }


def rules_of(settings: ProbeSettings, is_own: Callable[[Address], bool]) -> Rules:
    """Return whom the settings allow to be asked."""
    return Rules(settings.networks("allow"), settings.networks("deny"), settings.networks("only"), is_own)
