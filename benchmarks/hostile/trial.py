# SPDX-License-Identifier: MIT
"""One trial: an attack against the running fleet, and what visitors, memory, supervisor and database say about it."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from decnet_core.bus.client import Client
from hostile.attack import SOURCES, Tally
from hostile.catalogue import ATTACKS
from hostile.fleet import HostileFleet
from hostile.visitor import PATIENCE_SECONDS, Visit
from hostile.visitor import SOURCES as SOURCES_OF_VISITORS
from hostile.waiting import until
from hostile.watch import Visitors, counters_of, nothing_open

KINDS = ("http.request", "auth.attempt", "session.command")
"""What attackers and visitors can count themselves."""
VISITS = {"ssh": "auth.attempt", "http": "http.request"}
"""The kind of event that one visit leaves once, by service."""
KILL_AFTER = 0.75
"""The part of an attack's time after which the worker is killed, if it is to be."""
SAMPLE_SECONDS = 0.25
SETTLE_SECONDS = 60.0
MOST_WARNINGS = 10
RECOVERED_BYTES = 10 << 20
"""The aim: a minute after an attack the decoys hold at most this much more than before."""


class Waits(msgspec.Struct, frozen=True):
    """How long visitors waited, in milliseconds, and how many were not answered."""

    p50: float
    p99: float
    worst: float
    visits: int
    unanswered: int
    processor_p50: float
    processor_p99: float
    """Milliseconds that `decoys` computed meanwhile: the wait, if nothing else ran on the machine."""


class Stretches(msgspec.Struct, frozen=True):
    """What the worker `decoys` tells of the time between two yields of its event loop."""

    count: int
    """Stretches of more than 20 ms."""
    longest_ms: float
    """The longest since its start."""


class Trial(msgspec.Struct, frozen=True):
    """What was measured; memory in bytes."""

    name: str
    ssh: Waits
    http: Waits
    pss_before: int
    pss_peak: int
    pss_after: int
    after_seconds: float
    """How long after the attack `pss_after` was read: when the aim was met, or the wait ended."""
    restarts: int
    stretches: Stretches | None
    """What `decoys` told of the time between two yields: how often it was more than 20 ms, and the longest since its
    start; None when it did not tell."""
    sent: dict[str, int]
    answered: dict[str, int]
    recorded: dict[str, int]
    visits_recorded: bool
    """Whether each visit that was answered is recorded, and no visit twice."""
    settled: bool
    killed: bool
    """Whether the worker was killed on purpose, so that some visitors found nobody."""
    warnings: list[str] = []
    """What the supervisor and its workers warned of meanwhile, if the decoys were restarted; the last lines."""

    @property
    def exact(self) -> bool:
        """Whether all that was answered is recorded, and nothing that was not done."""
        told = all(self.answered.get(kind, 0) <= self.recorded.get(kind, 0) for kind in KINDS)
        # A browser's form or a smuggled request may hold more requests than its sender meant: no upper bound for HTTP.
        done = all(self.recorded.get(kind, 0) <= self.sent.get(kind, 0) for kind in KINDS[1:])
        return told and done and self.visits_recorded and self.settled

    @property
    def held(self) -> bool:
        """What the short form asserts: no restart, every visitor answered, events exact."""
        missed = not self.killed and (self.ssh.unanswered or self.http.unanswered)
        return not self.restarts and not missed and self.exact


class Outcome(NamedTuple):
    """What came of a run."""

    trials: list[Trial]
    failed: dict[str, str]
    """Trials that could not be carried out, by name of the attack, and why."""


class Experiment:
    """A running fleet with those who watch it; each attempt is one trial."""

    def __init__(self, fleet: HostileFleet, visitors: Visitors, bus: Client, *, seconds: float, rest: float) -> None:
        """An attack lasts `seconds`; memory may take `rest` seconds to come back."""
        self.fleet = fleet
        self._visitors = visitors
        self._bus = bus
        self._seconds = seconds
        self._rest = rest

    async def attempt(self, name: str) -> Trial:
        """Play the attack `name`, "" for none."""
        fleet, visitors = self.fleet, self._visitors
        before, restarts, recorded, logged = fleet.pss(), _restarts(fleet), fleet.recorded(SOURCES), len(fleet.log())
        counters = await counters_of(self._bus)
        began = time.monotonic()
        kills = bool(name) and ATTACKS[name].kills
        if kills:
            asyncio.get_running_loop().call_later(KILL_AFTER * self._seconds, fleet.kill_decoys)
        tally, peak = await _attacked(fleet, name, self._seconds)
        ended = time.monotonic()
        await visitors.all_begun_before(ended)
        await until(lambda: _restarts(fleet) >= restarts + kills, SETTLE_SECONDS)
        await fleet.decoys_ready(SETTLE_SECONDS)
        await until(lambda: fleet.pss() <= before + RECOVERED_BYTES, self._rest)
        after, waited = fleet.pss(), time.monotonic() - ended
        made = [visit for visit in visitors.visits if visit.began >= began]
        await nothing_open(self._bus, SETTLE_SECONDS)
        settled = await fleet.settled(SETTLE_SECONDS)
        restarted = _restarts(fleet) - restarts - kills
        return Trial(
            name=name or "(no attack)",
            ssh=_waits(visitors, "ssh", began, ended),
            http=_waits(visitors, "http", began, ended),
            pss_before=before,
            pss_peak=peak,
            pss_after=after,
            after_seconds=waited,
            restarts=restarted,
            stretches=_stretches(counters, await counters_of(self._bus)),
            sent=tally.sent,
            answered=tally.answered,
            recorded=dict(fleet.recorded(SOURCES) - recorded),
            visits_recorded=_visits_recorded(fleet, made),
            settled=settled,
            killed=kills,
            warnings=_warnings(fleet.log()[logged:]) if restarted else [],
        )


async def _attacked(fleet: HostileFleet, name: str, seconds: float) -> tuple[Tally, int]:
    """Run the attacking process to its end; return its tally and the decoys' highest memory meanwhile."""
    peak = fleet.pss()
    if not name:
        await asyncio.sleep(seconds)
        return Tally(), peak
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "hostile.attacker", name, fleet.attacked, *map(str, fleet.ports.values()), str(seconds),
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output = asyncio.ensure_future(process.communicate())
    while not output.done():
        peak = max(peak, fleet.pss())
        await asyncio.wait([output], timeout=SAMPLE_SECONDS)
    if process.returncode:
        raise RuntimeError(f"the attack {name!r} failed by itself")
    return msgspec.json.decode(output.result()[0], type=Tally), peak


def _visits_recorded(fleet: HostileFleet, made: Sequence[Visit]) -> bool:
    """Whether each visit that was answered is one event, and none is more."""
    for service, kind in VISITS.items():
        found = fleet.recorded_by_source(SOURCES_OF_VISITORS[service], kind)
        for visit in made:
            if visit.service == service and (found[visit.source] > 1 or visit.answered > found[visit.source]):
                return False
    return True


def _waits(visitors: Visitors, service: str, began: float, ended: float) -> Waits:
    made = [one for one in visitors.visits if one.service == service and began <= one.began <= ended]
    spans = sorted(one.seconds * 1000 for one in made) or [PATIENCE_SECONDS * 1000]
    computed = sorted(one.processor * 1000 for one in made if one.processor is not None) or [0.0]
    return Waits(
        p50=spans[len(spans) // 2],
        p99=_percentile_99(spans),
        worst=spans[-1],
        visits=len(made),
        unanswered=sum(not one.answered for one in made),
        processor_p50=computed[len(computed) // 2],
        processor_p99=_percentile_99(computed),
    )


def _percentile_99(ordered: Sequence[float]) -> float:
    return ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)]


def _stretches(before: dict[str, float], after: dict[str, float]) -> Stretches | None:
    if "decoys_stretches" not in after:
        return None
    since = before.get("decoys_stretches", 0)
    count = after["decoys_stretches"] - (since if since <= after["decoys_stretches"] else 0)  # else it was restarted
    return Stretches(int(count), after["longest_stretch_ms"])


def _warnings(log: str) -> list[str]:
    return [line for line in log.splitlines() if " level=warning " in line or " level=error " in line][-MOST_WARNINGS:]


def _restarts(fleet: HostileFleet) -> int:
    status = fleet.decoys()
    return status.restarts if status is not None else 0
