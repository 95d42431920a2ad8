# SPDX-License-Identifier: MIT
"""One drill on one fleet: canary tokens and a webhook of its own, the attack, the checks, and the clean-up."""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from decnet.canary.tokens import new_token
from decnet.cli.errors import RefusedError
from decnet.cli.operator_name import operator
from decnet.drill.attack import Attack, AttackFailed, Bait
from decnet.drill.checks import CHECKS, Evidence
from decnet.drill.dns import DnsFailed
from decnet.drill.examination import CheckResult, Examination
from decnet.drill.greeting import GreetingFailed
from decnet.drill.receiver import Receiver
from decnet.drill.script import Script, new_script
from decnet.drill.ssh import SshFailed
from decnet.drill.target import choose
from decnet.drill.web import WebFailed
from decnet.fleet.bus_access import nudge_followers, query_all_health, reachable_bus
from decnet.fleet.deployment import Deployment, transaction
from decnet.incidents.known import close_incidents
from decnet.webhook import endpoints
from decnet.webhook.definition import Definition
from decnet_core.runtime import worker_registry
from decnet_models.attackers.queries import facts_of
from decnet_models.known import queries as known_sources
from decnet_models.ttp.queries import techniques_of
from decnet_models.webhooks.queries import remove_webhook

_BUS_SECONDS = 2.0
_POLL_SECONDS = 0.1
_ATTACK_ERRORS = (AttackFailed, SshFailed, WebFailed, DnsFailed, GreetingFailed, OSError)


class Report(msgspec.Struct, frozen=True):
    source: str
    ssh_client: str
    seconds: float
    outcomes: list[CheckResult]
    attack_error: str | None = None

    @property
    def holds(self) -> bool:
        return self.attack_error is None and all(outcome.holds for outcome in self.outcomes)


async def drill(deployment: Deployment, seconds: float, report: Callable[[CheckResult], None]) -> Report:
    """Attack the fleet; each check has `seconds` to hold. Raises OperatorError when there is nothing to attack."""
    began = time.monotonic()
    script, target = new_script(), choose(deployment)
    first = await _workers_answer(deployment)
    report(first)
    async with _webhook(deployment) as receiver:
        with tempfile.TemporaryDirectory(prefix="decnet-drill-") as directory:
            bait = _bait(deployment, script)
            attack = Attack(script, target, bait, Path(directory))
            evidence = Evidence(script, target, bait, deployment.state, receiver.arrivals)
            examination = Examination(deployment, evidence, CHECKS, report)
            error = await _attack_and_examine(attack, examination, seconds)
    last = await _clean_up(deployment, script, seconds)
    report(last)
    outcomes = [first, *examination.outcomes, last]
    return Report(script.source, attack.ssh.name, round(time.monotonic() - began, 3), outcomes, error)


async def _attack_and_examine(attack: Attack, examination: Examination, seconds: float) -> str | None:
    over = asyncio.Event()

    async def attacked() -> str | None:
        try:
            await attack.run()
        except _ATTACK_ERRORS as error:
            return str(error)
        finally:
            over.set()
        return None

    error, _ = await asyncio.gather(attacked(), examination.run(attack.done, seconds, over))
    return error


async def _workers_answer(deployment: Deployment) -> CheckResult:
    began = time.monotonic()
    names = [name for name in worker_registry.wanted(deployment.settings) if name != "bus" or deployment.embedded_bus]
    async with reachable_bus(deployment, "decnet-drill", _BUS_SECONDS) as bus:
        health = dict.fromkeys(names) if bus is None else await query_all_health(bus, names)
    silent = [name for name, one in health.items() if one is None]
    if len(silent) == len(names):
        raise RefusedError(
            f"no fleet runs on {deployment.state.root}: none of its workers answers; start it with `decnet up`, or "
            "name another with --state DIR"
        )
    detail = f"no answer from {', '.join(silent)}" if silent else f"{len(names)} workers"
    return CheckResult("workers answer", not silent, round(time.monotonic() - began, 3), detail)


async def _clean_up(deployment: Deployment, script: Script, seconds: float) -> CheckResult:
    """Mark the drill's address as known, and wait until the workers have removed what they found out about it."""
    began = time.monotonic()
    with transaction(deployment, write=True) as connection:
        known = known_sources.add(connection, f"{script.source}/32", f"decnet drill {script.mark}", forget=True)
        close_incidents(connection, known, operator())
    await nudge_followers(deployment)
    while True:
        left, passed = _left(deployment, script), time.monotonic() - began
        if not left or passed > seconds:
            detail = f"still there: {left}" if left else "its address is known now; events and canary tokens stay"
            return CheckResult("cleaned up", not left, round(passed, 3), detail)
        await asyncio.sleep(_POLL_SECONDS)


def _left(deployment: Deployment, script: Script) -> str:
    with transaction(deployment) as connection:
        scored = ["the attacker"] if facts_of(connection, [script.source]) else []
        tagged = ["techniques"] if techniques_of(connection, script.source) else []
    return ", ".join(scored + tagged)


@asynccontextmanager
async def _webhook(deployment: Deployment) -> AsyncIterator[Receiver]:
    """Lend a receiver that the fleet sends to; always removed."""
    receiver = Receiver()
    url = await receiver.open()
    try:
        with transaction(deployment, write=True) as connection:
            added = endpoints.add(connection, deployment, Definition(url, allow_private=True))
        receiver.secret = added.secret
        try:
            yield receiver
        finally:
            with transaction(deployment, write=True) as connection:
                remove_webhook(connection, added.id, now_ns=time.time_ns())
    finally:
        await receiver.close()


def _bait(deployment: Deployment, script: Script) -> Bait:
    with transaction(deployment, write=True) as connection:
        return Bait(
            url=new_token(connection, deployment, "url", f"{script.mark} page"),
            name=new_token(connection, deployment, "dns", f"{script.mark} name"),
        )
