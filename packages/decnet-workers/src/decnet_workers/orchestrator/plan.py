# SPDX-License-Identifier: MIT
"""The plan of life: which sessions happen on which decky, and when. Pure.

Everything is drawn from the decky's seed and the day, so that a plan made again, after a restart or a change of the
fleet, is the same one; an action is known by decky, day and number, so none is planned twice. No two deckies share
a drawing: siblings are busy at different times.
"""

import datetime as dt
import ipaddress
import random
from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

import msgspec

from decnet_core.events.ids import uuid7_of
from decnet_core.timing.durations import SECOND_NS
from decnet_models.fleet.queries import Address, Decky
from decnet_models.realism.queries import Action, Persona
from decnet_workers.orchestrator.scripts import (
    Ends,
    Script,
    database_script,
    files_script,
    mail_script,
    shell_script,
    web_script,
)
from decnet_workers.orchestrator.working_hours import Shift, local_day, shift_on

FULL_DAY_HOURS = 8.0
MOST_PER_SHIFT = 500
"""Sessions on one decky."""
_PROTOCOLS = ("ftp", "http", "mysql", "smtp", "ssh")
_VISITORS = 3
"""From so many others at most a decky is used: machines have their usual clients."""
_ABSENT_ONE_IN = 25
"""Working days on which nobody is there: leave, illness, a holiday."""
_BUSYNESS = (0.4, 0.9, 1.3, 1.2, 0.5, 1.1, 1.3, 0.9, 0.4)
"""How much of the work falls into each ninth of a shift: little at its ends, a break in the middle."""


class Host(msgspec.Struct, frozen=True):
    """A decky and its persona."""

    decky: Decky
    persona: Persona


class Rates(msgspec.Struct, frozen=True):
    """What happens on a decky in FULL_DAY_HOURS, on average."""

    sessions: float


def sessions_between(
    on: Iterable[Host], everybody: Sequence[Host], rates: Rates, window: tuple[int, int]
) -> list[Action]:
    """Return the sessions on some hosts that begin in a time (ns since the Unix epoch), earliest first.

    They come from `everybody`. Raises UnknownZoneError.
    """
    start_ns, end_ns = window
    found = [
        action
        for host in on
        for day in _days(host.persona, start_ns, end_ns)
        for action in _sessions_on(host, everybody, day, rates)
        if start_ns <= action.due_at < end_ns
    ]
    return sorted(found, key=lambda action: (action.due_at, action.id))


def drawing_of(decky: Decky, *about: object) -> random.Random:
    """Return the decky's own source of chance for something."""
    return random.Random("/".join(map(str, (decky.seed, decky.name, *about))))  # noqa: S311  # no secret


def moments(drawing: random.Random, shift: Shift, rate: float) -> list[int]:
    """Return when something happens in a shift that happens `rate` times in a full day, in no order."""
    expected = rate * shift.hours / FULL_DAY_HOURS * drawing.uniform(0.6, 1.4)
    count = min(MOST_PER_SHIFT, int(expected) + (drawing.random() < expected % 1))
    part = (shift.end - shift.start) // len(_BUSYNESS)
    parts = drawing.choices(range(len(_BUSYNESS)), _BUSYNESS, k=count)
    return [shift.start + index * part + int(drawing.random() * part) for index in parts]


def action_id(decky: Decky, kind: str, day: dt.date, index: int) -> UUID:
    """Return the id of a day's action of a kind by its number, whatever is drawn for it."""
    midnight = int(dt.datetime.combine(day, dt.time(), dt.UTC).timestamp()) * SECOND_NS
    return uuid7_of(midnight, decky.name.encode(), str(decky.seed).encode(), kind.encode(), str(index).encode())


def is_there(host: Host, day: dt.date) -> bool:
    """Whether somebody comes to work on a working day."""
    return drawing_of(host.decky, day, "absent").randrange(_ABSENT_ONE_IN) > 0


def _days(persona: Persona, start_ns: int, end_ns: int) -> Iterator[dt.date]:
    """Yield the days on which a shift begins that may reach into the time."""
    day, last = local_day(persona, start_ns) - dt.timedelta(days=1), local_day(persona, end_ns)
    while day <= last:
        yield day
        day += dt.timedelta(days=1)


def _sessions_on(host: Host, hosts: Iterable[Host], day: dt.date, rates: Rates) -> Iterator[Action]:
    shift = shift_on(host.persona, day)
    protocols = [each.service for each in host.decky.services if each.service in _PROTOCOLS]
    visitors = _visitors(host, hosts)
    if shift is None or not protocols or not visitors or not is_there(host, day):
        return
    for index, moment in enumerate(moments(drawing_of(host.decky, day, "sessions"), shift, rates.sessions)):
        drawing = drawing_of(host.decky, day, "session", index)
        visitor, protocol = drawing.choice(visitors), drawing.choice(protocols)
        script = _script(drawing, protocol, _ends(host, visitor), moment)
        if script is not None:
            yield Action(
                id=action_id(host.decky, "session", day, index),
                kind="session",
                decky=host.decky.name,
                peer=visitor.decky.name,
                persona=host.persona.name,
                protocol=protocol,
                token=None,
                body=msgspec.to_builtins(script),
                due_at=moment,
            )


def _visitors(host: Host, hosts: Iterable[Host]) -> list[Host]:
    """Return the deckies from which this one is used: the same as long as they are there."""
    others = [other for other in hosts if other.decky.name != host.decky.name and can_connect(other, host)]
    return sorted(others, key=lambda other: drawing_of(host.decky, other.decky.name).random())[:_VISITORS]


def can_connect(visitor: Host, host: Host) -> bool:
    """Whether a connection from the one's address to the other is possible: both in one kind of network."""
    runtimes = {visitor.decky.runtime, host.decky.runtime}
    if "netns" in runtimes and visitor.decky.interface != host.decky.interface:
        return False
    return len(runtimes) == 1 and runtimes <= {"loopback", "host", "netns"} and addresses(visitor, host) is not None


def addresses(visitor: Host, host: Host) -> tuple[str, str] | None:
    """Return an address of each between which there is a way."""
    pairs = ((one, other) for one in visitor.decky.addresses for other in host.decky.addresses)
    within = visitor.decky.runtime == "netns"  # whose packet filter lets it reach deckies of its own network only
    is_way = _in_network if within else _of_one_family
    return next(((one.address, other.address) for one, other in pairs if is_way(one, other)), None)


def _of_one_family(one: Address, other: Address) -> bool:
    return (":" in one.address) == (":" in other.address)


def _in_network(one: Address, other: Address) -> bool:
    network = ipaddress.ip_interface(f"{one.address}/{one.prefix_length}").network if one.prefix_length else None
    return network is not None and ipaddress.ip_address(other.address) in network


def _ends(host: Host, visitor: Host) -> Ends:
    return Ends(host.persona, host.decky.host_name, visitor.persona, visitor.decky.host_name)


def _script(drawing: random.Random, protocol: str, ends: Ends, moment: int) -> Script | None:
    """Return what is done in a session; None when the host has no account for it."""
    match protocol:
        case "http":
            return web_script(drawing, ends.visitor)
        case "smtp":
            return mail_script(drawing, ends, moment)
        case "ftp":
            return files_script(drawing, ends.host)
        case "mysql":
            return database_script(drawing, ends.host)
    return shell_script(drawing, ends.host)
