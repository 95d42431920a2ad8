# SPDX-License-Identifier: MIT
"""How mutate may change a decky, as the operator says it: checked as a deploy of each choice would be."""

import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection

from decnet.cli.errors import OperatorError, WrongUsageError
from decnet.deckies import commit, host_network
from decnet.deckies.catalogues.personas import known_personas
from decnet.deckies.operations import ImpossibleError, as_wanted, wanted_decky
from decnet.deckies.plan import Plan
from decnet.deckies.resolve import Known, resolve
from decnet.fleet.deployment import Deployment
from decnet_decoys.errors import DecoysError
from decnet_models.fleet import mutation_policies
from decnet_models.fleet.conflicts import conflicts
from decnet_models.fleet.mutation_policies import Policy
from decnet_models.fleet.queries import Decky, Service
from decnet_workers.mutate.change import next_of
from decnet_workers.mutate.variant import UnchangeableError

_UNITS = {"m": 60, "h": 3600, "d": 86400, "w": 604800}
_EVERY = re.compile(r"(\d{1,6})([mhdw])")
_WINDOW = re.compile(r"(\d\d):(\d\d)-(\d\d):(\d\d)")
_LONGEST = 366 * 86400


class Rules(msgspec.Struct, frozen=True):
    """What somebody asks for."""

    every_seconds: int
    window: tuple[int, int] = (0, 1440)
    services: Mapping[str, int | None] = {}
    """Ports; None: the usual one."""
    personas: Sequence[str] = ()
    consistent: bool = True

    @classmethod
    def said(cls, *, every: str, window: str, **others: Any) -> "Rules":
        """Return rules whose times are in words; raises WrongUsageError."""
        return cls(every_seconds(every), minutes_of(window), **others)


def every_seconds(text: str) -> int:
    """Return the seconds of e.g. 90m, 12h, 7d or 2w; raises WrongUsageError."""
    found = _EVERY.fullmatch(text)
    seconds = int(found[1]) * _UNITS[found[2]] if found else 0
    if not 60 <= seconds <= _LONGEST:
        raise WrongUsageError(f"every {text}: write e.g. 90m, 12h, 7d or 2w; from a minute to a year")
    return seconds


def minutes_of(text: str) -> tuple[int, int]:
    """Return the minutes of the day of e.g. 22:00-04:30; raises WrongUsageError."""
    found = _WINDOW.fullmatch(text)
    numbers = [int(each) for each in found.groups()] if found else []
    minutes = [60 * hour + minute for hour, minute in zip(numbers[::2], numbers[1::2], strict=True) if minute < 60]
    if len(minutes) != 2 or max(minutes) > 1440 or minutes[0] == minutes[1]:
        raise WrongUsageError(f"window {text}: write e.g. 22:00-04:30 (UTC)")
    return minutes[0], minutes[1]


def set_policy(deployment: Deployment, connection: Connection, name: str, rules: Rules) -> Policy:
    """Write how mutate may change a decky, and the personas that it may get; raises OperatorError.

    It is refused when nothing can come of it.
    """
    current = commit.current_deckies(connection)
    one = wanted_decky(current, name)
    if one.image:
        raise OperatorError(f"decky {name} runs an image, which mutate cannot change")
    try:
        known = Known(known_personas(deployment), host_network.look(), current)
        others = [each for each in current.values() if each.name != name and each.wanted]
        services = tuple(_services(one, rules, known, others))
        personas = [one.persona, *rules.personas]
        steps = commit.persona_steps(connection, known.personas, personas) if _are_known(known, personas) else []
    except DecoysError as error:
        raise OperatorError(str(error)) from error
    policy = Policy(name, rules.every_seconds, *rules.window, services, tuple(rules.personas), rules.consistent)
    _refuse_conflicts(one, policy)
    commit.apply(connection, Plan((), tuple(steps), len(current)), reason="decky policy")
    mutation_policies.set_policy(connection, policy, now_ns=time.time_ns())
    try:
        next_of(connection, one, policy)
    except UnchangeableError as error:
        raise OperatorError(f"decky {name} cannot be changed so: {error}; allow other services or personas") from error
    return policy


def _are_known(known: Known, personas: Iterable[str]) -> bool:
    for name in personas:
        if name not in known.personas:
            raise OperatorError(f"there is no persona {name!r}; decnet persona list shows them")
    return True


def _services(one: Decky, rules: Rules, known: Known, others: list[Decky]) -> Iterator[Service]:
    """Yield each service at its port, as the first persona that describes it has it."""
    _are_known(known, [one.persona, *rules.personas])
    running = {each.service: each for each in one.services}
    for name, port in rules.services.items():
        if name in running and port in (None, running[name].port):
            yield running[name]
            continue
        persona = _describing(name, [one.persona, *rules.personas], known)
        given = (name,) if port is None else {name: port}
        wanted = msgspec.structs.replace(as_wanted(one), persona=persona, services=given)
        resolved = resolve([wanted], known, others=others)
        if resolved.problems:
            raise ImpossibleError(resolved.problems)
        yield resolved.deckies[0].services[0]


def _describing(service: str, personas: Iterable[str], known: Known) -> str:
    for name in personas:
        if service in known.personas[name].persona().services:
            return name
    raise OperatorError(f"none of the personas {', '.join(personas)} describes {service}; name one that does")


def _refuse_conflicts(one: Decky, policy: Policy) -> None:
    """Refuse services that cannot be there together with those that stay."""
    named = {each.service for each in policy.services}
    running = {each.service: each for each in one.services}
    kept = [each for each in one.services if each.service not in named]
    chosen = [running.get(each.service, each) for each in policy.services]
    for conflict in conflicts([msgspec.structs.replace(one, services=(*kept, *chosen))]):
        raise OperatorError(f"decky {one.name}: {conflict.reason}; name another port for it")
