# SPDX-License-Identifier: MIT
"""Reads what is desired, and applies a plan in one transaction; the only module here that writes rows."""

import asyncio
import time
from collections.abc import Iterable

import msgspec
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from decnet.cli.errors import OperatorError
from decnet.cli.operator_name import operator
from decnet.deckies.documents.work_hours import work_columns
from decnet.deckies.plan import DeckyStep, PersonaStep, Plan
from decnet.fleet.bus_access import publish
from decnet.fleet.deployment import Deployment
from decnet_core.bus.subjects import FLEET_CHANGED, FleetChanged
from decnet_decoys.personas.catalog import PersonaFile
from decnet_models.fleet import queries
from decnet_models.fleet.change_log import ChangeInfo, ChangeKind
from decnet_models.fleet.queries import Decky
from decnet_models.realism import queries as realism
from decnet_models.realism.queries import Persona
from decnet_models.swarm import queries as swarm

_KINDS: dict[str, ChangeKind] = {"add": "added", "change": "changed", "remove": "removed"}


class ChangedMeanwhileError(OperatorError):
    """Somebody else changed the fleet after the plan was made; nothing was written."""


def current_deckies(connection: Connection) -> dict[str, Decky]:
    """Return the rows by name, those of sensors and those marked for removal included."""
    return {one.name: one for one in queries.all_deckies(connection)}


def persona_steps(connection: Connection, files: dict[str, PersonaFile], names: Iterable[str]) -> list[PersonaStep]:
    """Return what is to be written of these personas: those whose rows are missing or say something else."""
    stored = {row.name: row for row in realism.personas(connection)}
    steps = []
    for name in sorted(set(names)):
        body, row = files[name].document(), stored.get(name)
        if row is None:
            steps.append(PersonaStep("add", name, str(body["os"]), body, 0))
        elif row.body != body:
            steps.append(PersonaStep("change", name, str(body["os"]), body, row.version))
    return steps


def apply(connection: Connection, plan: Plan, *, reason: str) -> None:
    """Write all of a plan, in the caller's transaction; raises OperatorError, upon which nothing must be committed."""
    now = time.time_ns()
    for persona in plan.personas:
        hours = work_columns(persona.name, persona.body)
        row = Persona(persona.name, persona.os[:64], persona.body, version=persona.version, **hours)
        if realism.write_persona(connection, row, now_ns=now) is None:
            raise ChangedMeanwhileError(f"persona {persona.name} has been changed meanwhile; run the command again")
    try:
        _name_sensors(connection, plan, now)
        _release(connection, plan)
        for step in sorted(plan.steps, key=lambda step: step.kind != "remove"):
            _write(connection, step, ChangeInfo(_KINDS[step.kind], operator(), reason, now))
    except IntegrityError as error:
        raise ChangedMeanwhileError(
            f"the fleet has been changed meanwhile; run the command again ({error.orig})"
        ) from error


def announce(deployment: Deployment, deckies: int) -> bool:
    """Wake reconciler and mutate; False when the bus cannot be reached: they find the change at their next look."""
    return asyncio.run(announced(deployment, deckies))


def _release(connection: Connection, plan: Plan) -> None:
    """Free addresses that pass from one decky to another, whatever the order in which they are written."""
    arriving = {each.address for step in plan.steps if step.kind != "remove" for each in step.decky.addresses}
    moving = {step.decky.name for step in plan.steps}
    held = [one for one in current_deckies(connection).values() if arriving & {each.address for each in one.addresses}]
    queries.release_addresses(connection, [one.name for one in held if one.name in moving or not one.wanted])


def _name_sensors(connection: Connection, plan: Plan, now: int) -> None:
    """Have a row for each sensor that is to play deckies."""
    wanted = {step.decky.sensor for step in plan.steps if step.kind != "remove" and step.decky.sensor}
    for name in sorted(wanted - {one.name for one in swarm.sensors(connection)} if wanted else ()):
        swarm.add_sensor(connection, name, "", now_ns=now)


def _write(connection: Connection, step: DeckyStep, info: ChangeInfo) -> None:
    one = step.decky
    if step.kind == "remove":
        kept = queries.decky_named(connection, one.name)
        one = msgspec.structs.replace(one, wanted=False, addresses=kept.addresses if kept else ())
    if queries.write_decky(connection, one, info) is None:
        raise ChangedMeanwhileError(f"decky {one.name} has been changed meanwhile; run the command again")


async def announced(deployment: Deployment, deckies: int) -> bool:
    """Do what `announce` does, in a running loop."""
    return await publish(deployment, "decnet-deploy", FLEET_CHANGED.pattern, FleetChanged(deckies))
