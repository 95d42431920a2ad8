# SPDX-License-Identifier: MIT
"""What must be done so that the deckies are what they should be. Pure.

Each decky has its own steps and its own trouble: one that fails is tried again later, and the others do not wait for
it. Deckies that are served are changed one after the other, so at most one of them is ever down for a change.
"""

import enum
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from decnet_core.placement.desired import DesiredDecky
from decnet_core.placement.runtimes.runtime import Observed


class Step(enum.Enum):
    """A step of a decky; each can be repeated."""

    WITHDRAW = "withdraw"
    """`decoys` closes its ports."""
    STOP = "stop"
    """Its environment is removed."""
    START = "start"
    """Its environment is made, or repaired."""
    PLAY = "play"
    """Its ports are opened and handed to `decoys`."""


class Task(msgspec.Struct, frozen=True):
    """What is to be done for a decky; without a step it is as it should be."""

    decky: DesiredDecky
    observed: Observed
    steps: tuple[Step, ...]
    played: bool = False
    """Whether `decoys` plays a version of it."""


class Actual(msgspec.Struct, frozen=True):
    """What was found; `played` are the versions that `decoys` plays, None when it cannot be reached."""

    observed: Mapping[str, Observed]
    played: Mapping[str, int] | None


def steps(decky: DesiredDecky, observed: Observed, played: int | None, *, reachable: bool = True) -> tuple[Step, ...]:
    """Return the steps of a decky of which `decoys` plays the version `played`, in their order.

    What is served stays open while the decky changes; if nothing is, the sockets of `decoys` are of another place.
    While `decoys` cannot be reached only the environment is brought about.
    """
    if not decky.wanted:
        wanted = {Step.WITHDRAW: played is not None, Step.STOP: observed.present}
    elif observed.serves_itself:
        wanted = {Step.WITHDRAW: played is not None, Step.START: bool(observed.drift)}
    else:
        current = observed.served == frozenset(decky.endpoints()) and played == decky.version
        wanted = {
            Step.WITHDRAW: played is not None and not observed.served,
            Step.START: bool(observed.drift),
            Step.PLAY: not current and reachable,
        }
    return tuple(step for step, needed in wanted.items() if needed)


def tasks(deckies: Iterable[DesiredDecky], actual: Actual, *, waiting: Mapping[str, int]) -> list[Task]:
    """Return what is to be done, for each decky that has steps and is not `waiting` with that version after a failure.

    What goes comes first, because it may have an address that another one gets; then those that nobody can reach.
    """
    found = []
    for decky in deckies:
        observed = actual.observed.get(decky.name)
        if observed is None or waiting.get(decky.name) == decky.version:
            continue
        played = (actual.played or {}).get(decky.name)
        needed = steps(decky, observed, played, reachable=actual.played is not None)
        if needed:
            found.append(Task(decky, observed, needed, played is not None))
    return sorted(found, key=lambda task: (task.decky.wanted, bool(task.observed.served), task.decky.name))


def strays(deckies: Sequence[DesiredDecky], actual: Actual) -> list[str]:
    """Return what `decoys` plays though there is no such decky."""
    return sorted(set(actual.played or ()) - {decky.name for decky in deckies})
