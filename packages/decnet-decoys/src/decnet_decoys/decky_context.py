# SPDX-License-Identifier: MIT
"""What all connections to one decky share: its persona, its machine, and where evidence goes.

The shell's modules are imported when a session needs them: this module is also read by commands that play nothing.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from decnet_core.net.descriptor_limit import allow_descriptors
from decnet_decoys.assigned.expected import ExpectedConnections
from decnet_decoys.assigned.placed_files import PlacedFiles
from decnet_decoys.changes.decky_changes import ChangesStore
from decnet_decoys.decky import Decky
from decnet_decoys.evidence.artifact_store import ArtifactStore
from decnet_decoys.evidence.connection_recorder import Emitter
from decnet_decoys.evidence.journal import Journal
from decnet_decoys.memory_budget import MemoryBudget
from decnet_decoys.personas.schema import Persona
from decnet_decoys.personas.siblings import Identity, boot_offset_seconds, sibling
from decnet_decoys.places import Places
from decnet_decoys.preparation import Preparation
from decnet_decoys.processor.scheduler import LoopScheduler
from decnet_decoys.services.data_ports import DataPorts
from decnet_decoys.settings import DecoysSettings

if TYPE_CHECKING:
    from decnet_decoys.shell.machine.machine import Machine
    from decnet_decoys.shell.machine.overlays import OverlayStore
    from decnet_decoys.ssh.key_exchanges import KeyExchanges

T = TypeVar("T")


class Runtime(Emitter, Protocol):
    """The part of `decnet_core.runtime.context.Context` that the services need."""

    def spawn(self, work: Coroutine[Any, Any, Any], *, name: str, may_end: bool = False) -> asyncio.Task[Any]:
        """Run `work` in the background."""
        ...

    def in_thread(self, function: Callable[..., T], *arguments: Any) -> Awaitable[T]:
        """Run blocking `function` in the worker's thread."""
        ...


MOST_UNADMITTED = 2048
"""Clients of all ports that may have been accepted and not admitted, where a process may have enough descriptors."""


class FleetResources:
    """What all deckies share: where evidence and keys are kept, and how much clients may take."""

    def __init__(
        self,
        artifacts: ArtifactStore,
        journal: Journal,
        places: Places,
        keys: Path,
        *,
        budget: MemoryBudget,
        processor: LoopScheduler,
        keep_changes_seconds: float = math.inf,
    ) -> None:
        self.artifacts = artifacts
        self.journal = journal
        self.places = places
        self.keys = keys
        self.budget = budget
        self.processor = processor
        self.unadmitted = 0
        """Clients that were accepted and wait for their turn ..."""
        self.most_unadmitted = min(MOST_UNADMITTED, allow_descriptors(0) // 4)
        """... and how many may; further ones wait in the kernel, in their order."""
        self.preparation = Preparation()
        """Held while a key is made in the background, so that what clients need done in the thread waits for one."""
        self.unadmitted_of: Counter[str] = Counter()
        """How many of a source do: no more than may be connected, or a few would keep all others in the kernel."""
        self.is_visited = False
        """Whether anybody has come for whom something large was imported."""
        self.expected = ExpectedConnections()
        self.placed = PlacedFiles(journal.directory.parent / "files")
        self.changes = ChangesStore(journal.directory.parent / "changes", budget, keep_changes_seconds)
        """What intruders changed, for all who come later."""

    @property
    def holds_changes(self) -> bool:
        """Whether there is in memory what visitors changed on a machine."""
        return "overlays" in vars(self) and self.overlays.held > 0

    @cached_property
    def overlays(self) -> OverlayStore:
        """What each attacker changed on each machine."""
        from decnet_decoys.shell.machine.overlays import OverlayStore

        return OverlayStore(self.budget)

    @cached_property
    def key_exchanges(self) -> KeyExchanges:
        """The order in which SSH clients are served until they have a key."""
        from decnet_decoys.ssh.key_exchanges import KeyExchanges

        return KeyExchanges(self.processor)


class DeckyContext:
    """One running decky."""

    def __init__(
        self,
        decky: Decky,
        persona: Persona,
        settings: DecoysSettings,
        fleet: FleetResources,
        runtime: Runtime,
        *,
        data_ports: DataPorts | None = None,
    ) -> None:
        self.decky = decky
        self.host_name = decky.host_name or decky.name
        self.persona = sibling(persona, Identity(self.host_name, claimed_address(decky.address), decky.seed, decky.mac))
        self.settings = settings
        self.fleet = fleet
        self.changes = fleet.changes.of(decky.name, persona.name)
        self.runtime = runtime
        self.data_ports = data_ports or DataPorts()

    @property
    def keys(self) -> Path:
        """The directory of the decky's host keys; its age is the machine's."""
        return self.fleet.keys / self.decky.name

    @cached_property
    def machine(self) -> Machine:
        """The machine that its shells run on, made when the first is opened."""
        from decnet_decoys.shell.machine.files.host_key_files import put_host_keys
        from decnet_decoys.shell.machine.image import build
        from decnet_decoys.shell.machine.shown_network import shown_network
        from decnet_decoys.ssh.keys import public_keys

        self.fleet.is_visited = True
        born = self.keys.stat().st_mtime if self.keys.exists() else time.time()
        booted = int(born) - self.persona.uptime_days * 86400 - sum(self.decky.name.encode()) * 97
        booted -= boot_offset_seconds(self.decky.seed)
        network = shown_network(claimed_address(self.decky.address), self.decky.prefix_length, self.decky.router)
        machine = build(self.persona, self.host_name, network, booted)
        put_host_keys(machine, public_keys(self.keys))
        self.fleet.placed.mount(self.decky.name, machine)
        self.changes.apply(machine)
        return machine

    @property
    def made_machine(self) -> Machine | None:
        """The machine, if a session has needed it already."""
        found: Machine | None = self.__dict__.get("machine")
        return found

    async def prepare_machine(self) -> None:
        """Make the machine, if no session has before, in a thread: it imports all commands, which takes long."""
        if "machine" not in self.__dict__:
            await self.runtime.in_thread(getattr, self, "machine")


def claimed_address(address: str) -> str:
    """Return the address that a loopback decky shows inside: of a private network (RFC 1918), its last octets kept."""
    octets = address.split(".")
    return ".".join(("10", "20", *octets[2:])) if octets[0] == "127" else address
