# SPDX-License-Identifier: MIT
"""The documents by which a sensor host without a database plays deckies: what its master orders, and what came of it.

    reconciler -> assignments/NAME.json -> listener =signed=> forwarder -> assigned/assignment.json -> sensor-reconciler
    reconciler <- sensors/NAME.deckies   <- listener <======= forwarder <- sensor-reconciler/standing.json <-'

Each file has one writer, and is replaced whole; the bus only tells that there is a new one.
"""

from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

import msgspec

from decnet_core.deckies.assignment import AssignedService, Name

Runtime: TypeAlias = Literal["loopback", "host", "netns", "container"]
Phase: TypeAlias = Literal["absent", "starting", "running", "stopping", "failed"]

MOST_DECKIES = 2000
"""Of one sensor."""
MOST_BYTES = 16 << 20
"""Of an assignment."""


class OrderedAddress(msgspec.Struct, frozen=True, omit_defaults=True):
    """Without a prefix length it is one that the host has."""

    address: str
    prefix_length: int | None = None
    gateway: str | None = None


class Order(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What must be for one decky; `persona` names a document that comes beside it."""

    name: Name
    host_name: str
    runtime: Runtime
    addresses: tuple[OrderedAddress, ...]
    persona: str
    services: tuple[AssignedService, ...] = ()
    version: int
    wanted: bool = True
    interface: str | None = None
    mac: str | None = None
    seed: int = 0
    image: str | None = None
    dhcp: bool = False


class Assignment(msgspec.Struct, frozen=True):
    """All deckies of one sensor."""

    sensor: str
    deckies: Annotated[tuple[Order, ...], msgspec.Meta(max_length=MOST_DECKIES)] = ()
    personas: dict[str, dict[str, Any]] = {}
    version: Annotated[int, msgspec.Meta(ge=0, le=2**62)] = 0
    """Each is greater than all before; 0: not signed yet."""


Count: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
Nanoseconds: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class Standing(msgspec.Struct, frozen=True, omit_defaults=True):
    """How one decky stands on its sensor. Bounded as the columns are that it goes into: a sensor may be stolen."""

    name: Name
    version: Count
    """Of the order that was last carried out whole."""
    phase: Phase
    since: Nanoseconds
    """ns since the Unix epoch."""
    drift: tuple[Annotated[str, msgspec.Meta(max_length=300)], ...] = ()
    error: Annotated[str, msgspec.Meta(max_length=300)] | None = None
    attempts: Count = 0
    retry_at: Nanoseconds | None = None


class Standings(msgspec.Struct, frozen=True):
    """How the deckies of a sensor stand, and by which assignment."""

    assignment: Nanoseconds = 0
    error: Annotated[str, msgspec.Meta(max_length=300)] = ""
    """Why nothing of it is carried out."""
    deckies: Annotated[tuple[Standing, ...], msgspec.Meta(max_length=MOST_DECKIES)] = ()


class Contact(msgspec.Struct, frozen=True):
    """When a sensor was heard last, as its listener knows; times in ns since the Unix epoch."""

    sensor: str
    heard_at: Nanoseconds
    """When it last said anything; before it ever did, when it enrolled."""
    connected: bool = False
    revoked: bool = False
    not_after: Nanoseconds = 0
    """Of its newest certificate."""
    watched_from: Nanoseconds = 0
    """When the listener began: before that nobody could hear it."""
    silent_seconds: Annotated[float, msgspec.Meta(ge=0, le=1e9)] = 900.0
    """After how long without a word it is silent."""

    @property
    def silent_at(self) -> int:
        """When it becomes silent, unless it says something."""
        return max(self.heard_at, self.watched_from) + int(self.silent_seconds * 1e9)


def ordered_file(state: Path, sensor: str) -> Path:
    """Return what the master's `reconciler` writes for its `listener`: an Assignment without a version."""
    return state / "assignments" / f"{sensor}.json"


def assigned_file(state: Path) -> Path:
    """Return what a sensor's `forwarder` keeps for `sensor-reconciler`: a signed Assignment."""
    return state / "assigned" / "assignment.json"


def authority_file(state: Path) -> Path:
    """Return the certificate beside it by which it is verified: that of the fleet's authority."""
    return state / "assigned" / "authority.pem"


def standing_file(state: Path) -> Path:
    """Return what `sensor-reconciler` writes for `forwarder`: Standings."""
    return state / "sensor-reconciler" / "standing.json"


def contacts_folder(state: Path) -> Path:
    """Return where the master's `listener` writes a Contact for each sensor, in a file called NAME.json."""
    return state / "sensors"


def reported_file(state: Path, sensor: str) -> Path:
    """Return where the master's `listener` writes the Standings of a sensor."""
    return contacts_folder(state) / f"{sensor}.deckies"


def contacts(state: Path) -> dict[str, Contact]:
    """Return the contacts by name of the sensor; a file that cannot be read is left out."""
    found: dict[str, Contact] = {}
    for path in sorted(contacts_folder(state).glob("*.json")):
        try:
            one = msgspec.json.decode(path.read_bytes(), type=Contact)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            continue
        found[one.sensor] = one
    return found


def reported(state: Path, sensor: str) -> Standings | None:
    """Return what the sensor has reported, None if nothing that can be read."""
    try:
        return msgspec.json.decode(reported_file(state, sensor).read_bytes(), type=Standings)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None
