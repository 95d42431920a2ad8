# SPDX-License-Identifier: MIT
"""The swarm's members, as the listener's files list them; nothing here needs `cryptography`, which takes 12 MiB."""

import time

import msgspec

from decnet.cli.errors import RefusedError
from decnet.fleet.deployment import Deployment
from decnet_core.deckies.orders import Contact, contacts
from decnet_core.timing.durations import SECOND_NS
from decnet_swarm.enrolment.renewal_loop import due_at
from decnet_swarm.listener.records import Checkpoint
from decnet_swarm.pki import files
from decnet_swarm.pki.registry_file import RegistryError, load
from decnet_swarm.pki.sensor_registry import Registry, Sensor


class Listed(msgspec.Struct, frozen=True):
    """A sensor, or one that may enrol; times in seconds since the Unix epoch."""

    name: str
    state: str
    """enrolled, expired, revoked or waiting (for its token to be used)."""
    valid_until: int | None
    """Of its certificate, or of its token."""
    enrolled_at: int | None = None
    renewed_at: int | None = None
    address: str = ""
    last_events_at: int | None = None
    last_contact_at: int | None = None
    """When the listener heard it last, if only that it is still there."""
    connected: bool = False
    fingerprints: tuple[str, ...] = ()


class Listing(msgspec.Struct, frozen=True):
    """All of them."""

    sensors: list[Listed]
    listener_until: int | None
    ending: bool
    """Whether the listener's own certificate should be renewed."""


def listed(deployment: Deployment) -> Listing:
    """Return the fleet's sensors and unused tokens; raises OperatorError."""
    folder, now = files.listener_folder(deployment.state.root), int(time.time())
    try:
        known = load(folder)
    except (RegistryError, ValueError) as error:
        raise RefusedError(str(error)) from error
    last, heard = _last_events(deployment), contacts(deployment.state.root)
    sensors = [_member(each, now, last.get(each.name), heard.get(each.name)) for each in known.sensors]
    try:
        own = files.validity(folder)
    except files.NotEnrolledError:
        return Listing([*sensors, *_waiting(known, now)], None, ending=False)
    return Listing([*sensors, *_waiting(known, now)], own.not_after, ending=due_at(own) < now)


def _member(sensor: Sensor, now: int, last: int | None, contact: Contact | None) -> Listed:
    until = max((each.not_after for each in sensor.certificates), default=0)
    state = "revoked" if sensor.revoked_at else "expired" if until <= now else "enrolled"
    marks = tuple(each.fingerprint for each in sensor.certificates)
    return Listed(
        sensor.name,
        state,
        until,
        enrolled_at=sensor.enrolled_at,
        renewed_at=sensor.renewed_at,
        address=sensor.address,
        last_events_at=last,
        last_contact_at=contact.heard_at // SECOND_NS if contact and contact.heard_at else None,
        connected=contact is not None and contact.connected,
        fingerprints=marks,
    )


def _waiting(known: Registry, now: int) -> list[Listed]:
    return [Listed(each.name, "waiting", each.expires_at) for each in known.tokens if each.expires_at > now]


def _last_events(deployment: Deployment) -> dict[str, int]:
    """Return when the listener last stored events of each sensor, from its checkpoint."""
    try:
        checkpoint = msgspec.json.decode((deployment.state.positions / "listener.json").read_bytes(), type=Checkpoint)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return {}
    return {name: record.stored_at for name, record in checkpoint.sensors.items()}
