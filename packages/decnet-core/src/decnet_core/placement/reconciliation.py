# SPDX-License-Identifier: MIT
"""Looks at what is there, and carries out the steps of the plan; blocking, for the worker's thread."""

from __future__ import annotations

import contextlib
import logging
import socket
from collections.abc import Callable, Container, Generator, Iterable, Mapping, Sequence
from typing import Protocol

import msgspec

from decnet_core.deckies.assignment import AssignedDecky, AssignedService
from decnet_core.deckies.handover import HandoverError
from decnet_core.placement.desired import DesiredDecky
from decnet_core.placement.environments import Environments, batches
from decnet_core.placement.plan import Actual, Step, Task
from decnet_core.placement.runtimes.runtime import Observed, Runtime, RuntimeFailed

log = logging.getLogger(__name__)

SWITCH_ON = "run `decnet up` as root, or have [reconciler] runtimes name it and run `decnet init` again"


class Players(Protocol):
    """Who plays the deckies; raises HandoverError."""

    def played(self) -> dict[str, int]: ...

    def play(self, decky: AssignedDecky, sockets: Sequence[socket.socket | None]) -> None: ...

    def withdraw(self, name: str) -> None: ...


class Outcome(msgspec.Struct, frozen=True):
    """How the steps of a decky ended; `error` is None when all were done."""

    task: Task
    error: str | None = None


class Reconciliation:
    """The runtimes that may be used, by name, and who plays."""

    def __init__(self, runtimes: Mapping[str, Runtime], players: Players, switch_on: str = SWITCH_ON) -> None:
        """`switch_on` is what to do when a decky needs a runtime that may not be used."""
        self._runtimes = runtimes
        self._players = players
        self._switch_on = switch_on

    def look(self, deckies: Sequence[DesiredDecky]) -> tuple[Actual, dict[str, str]]:
        """Return what is there, and by name why deckies cannot be looked at."""
        observed: dict[str, Observed] = {}
        errors = {
            one.name: f"the runtime {one.runtime} is off: {self._switch_on}"
            for one in deckies
            if one.runtime not in self._runtimes
        }
        for name, runtime in self._runtimes.items():
            own = [one for one in deckies if one.runtime == name]
            try:
                observed |= runtime.inspect(own)
            except (RuntimeFailed, OSError) as error:
                errors |= {one.name: f"the runtime {name} cannot be looked at: {error}" for one in own}
        try:
            return Actual(observed, self._players.played()), errors
        except HandoverError:
            return Actual(observed, None), errors

    def remove_orphans(self, deckies: Sequence[DesiredDecky], spared: Container[str]) -> int:
        """Remove what is ours and of no decky, except marks to be `spared`; return how much there was.

        What fails is tried at the next look.
        """
        removed = 0
        for name, runtime in self._runtimes.items():
            try:
                for mark in runtime.orphans([one for one in deckies if one.runtime == name]):
                    if mark in spared:
                        continue
                    runtime.remove(mark)
                    log.info("orphan removed runtime=%s mark=%s", name, mark)
                    removed += 1
            except (RuntimeFailed, OSError) as error:
                log.warning("orphans of the runtime %s stay: %s", name, error)
        return removed

    def introduce(self) -> None:
        """Let the client sockets of deckies reach the others that are up, and nothing else."""
        for name, runtime in self._runtimes.items():
            try:
                runtime.introduce()
            except OSError as error:
                log.warning("deckies of the runtime %s do not reach one another: %s", name, error)

    def withdraw(self, name: str) -> None:
        """Have a decky that is not wanted closed; what fails is tried at the next look."""
        try:
            self._players.withdraw(name)
        except HandoverError as error:
            log.warning("decky %s is still played: %s", name, error)

    def carry_out(self, tasks: Sequence[Task], stopping: Callable[[], bool]) -> Generator[Outcome, None, None]:
        """Yield how each task ended, when it has; end early when `decoys` is gone, or the worker must stop.

        Those that nobody reaches are withdrawn first, and all addresses that are new are asked for at once.
        """
        for task in tasks:
            if Step.WITHDRAW in task.steps and not task.observed.served:
                self.withdraw(task.decky.name)
        conflicts = self._conflicts(task for task in tasks if Step.START in task.steps and not task.observed.present)
        with Environments(self._runtimes) as environments:
            for batch in batches(tasks):
                errors = self._begin(batch, conflicts, environments)
                for task in batch:
                    if stopping():
                        return
                    outcome, there = self._ended(task, errors.get(task.decky.name), environments)
                    yield outcome
                    if not there:
                        return

    def _begin(
        self, batch: Sequence[Task], conflicts: Mapping[str, str], environments: Environments
    ) -> dict[str, str | HandoverError]:
        """Begin with the tasks, and return by name what keeps deckies from being brought about, or from going."""
        errors: dict[str, str | HandoverError] = {}
        for task in batch:
            name = task.decky.name
            if name in conflicts:
                errors[name] = conflicts[name]
                continue
            try:
                if Step.WITHDRAW in task.steps:
                    self._players.withdraw(name)
            except HandoverError as error:
                errors[name] = error
            else:
                environments.begin(task)
        return errors

    def _ended(self, task: Task, error: str | HandoverError | None, environments: Environments) -> tuple[Outcome, bool]:
        """Return how a task ended, when it has, and whether `decoys` is there."""
        try:
            if isinstance(error, HandoverError):
                raise error
            return Outcome(task, error or self._done(task, environments)), True
        except HandoverError as refusal:
            return Outcome(task, str(refusal)), self._is_there()

    def _done(self, task: Task, environments: Environments) -> str | None:
        """Carry out the steps of a task; return why it failed, None if it did not. Raises HandoverError."""
        try:
            environments.finish(task)
            if Step.PLAY in task.steps:
                self._play(task)
        except (RuntimeFailed, OSError) as error:
            return str(error)
        return None

    def _is_there(self) -> bool:
        with contextlib.suppress(HandoverError):
            self._players.played()
            return True
        return False

    def _conflicts(self, new: Iterable[Task]) -> dict[str, str]:
        by_runtime: dict[str, list[DesiredDecky]] = {}
        for task in new:
            by_runtime.setdefault(task.decky.runtime, []).append(task.decky)
        found: dict[str, str] = {}
        for name, deckies in by_runtime.items():
            try:
                found |= self._runtimes[name].conflicts(deckies)
            except (RuntimeFailed, OSError) as error:
                found |= {one.name: str(error) for one in deckies}
        return found

    def _play(self, task: Task) -> None:
        kept = task.observed.served if task.played else ()
        with contextlib.ExitStack() as stack:
            sockets = self._runtimes[task.decky.runtime].sockets(task.decky, kept)
            for sock in filter(None, sockets):
                stack.enter_context(sock)
            self._players.play(assigned(task.decky), sockets)


def assigned(decky: DesiredDecky) -> AssignedDecky:
    """Return what `decoys` must know of it."""
    return AssignedDecky(
        name=decky.name,
        host_name=decky.host_name,
        addresses=tuple(str(one.ip) for one in decky.addresses),
        persona=decky.persona,
        services=tuple(AssignedService(s.service, s.port, s.transport, s.settings) for s in decky.services),
        version=decky.version,
        seed=decky.seed,
        mac=decky.mac,
        prefix_length=_shown_prefix_length(decky),
        router=next((str(one) for one in decky.gateways if one.version == decky.addresses[0].version), ""),
        persona_document=decky.persona_document,
        data_ports=decky.data_ports,
        clients=decky.clients,
    )


def _shown_prefix_length(decky: DesiredDecky) -> int:
    """Return that of the first address; of one that this host has, and whose network is unknown here, a usual one."""
    first = decky.addresses[0]
    if first.ip in decky.existing or first.ip.is_loopback:
        return 24 if first.version == 4 else 64
    return first.network.prefixlen
