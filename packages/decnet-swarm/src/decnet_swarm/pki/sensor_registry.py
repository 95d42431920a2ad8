# SPDX-License-Identifier: MIT
"""The members of the fleet: sensors with their certificates' fingerprints, and unused tokens. Pure.

This, not the authority's signature, decides who may send: a certificate that the authority signed and that is not in
here is refused. So revoking one needs no list that clients fetch, a stolen signing key alone makes nobody a member, and
a token is spent and its sensor entered by the same write: after any crash it is both or neither.
"""

from typing import Literal

import msgspec

from decnet_swarm.pki import token
from decnet_swarm.pki.names import Role, is_name

MOST_SENSORS = 10_000
MOST_TOKENS = 1_000


class PendingToken(msgspec.Struct, frozen=True):
    """An unused token; times in seconds since the Unix epoch."""

    id: str
    secret_hash: str
    name: str
    made_at: int
    expires_at: int
    replaces: bool = False
    """Whether it may replace an existing sensor of this name, whose old certificates then become invalid."""


class Certificate(msgspec.Struct, frozen=True):
    fingerprint: str
    not_after: int


class Sensor(msgspec.Struct, frozen=True):
    name: str
    certificates: tuple[Certificate, ...]
    """The last one, and after a renewal also the one before: the sensor may not have received the reply."""
    enrolled_at: int
    renewed_at: int | None = None
    revoked_at: int | None = None
    address: str = ""
    """Where it enrolled from."""
    role: Role = Role.FORWARDER


class Registry(msgspec.Struct, frozen=True):
    sensors: tuple[Sensor, ...] = ()
    tokens: tuple[PendingToken, ...] = ()

    def sensor(self, name: str) -> Sensor | None:
        """Return the sensor of that name, also one that was revoked."""
        return next((sensor for sensor in self.sensors if sensor.name == name), None)


class RegistryRefusal(msgspec.Struct, frozen=True):
    """The change is not possible; `text` is for the operator."""

    reason: Literal["token", "expired", "unknown", "name"]
    text: str


def add_token(registry: Registry, waiting: PendingToken) -> Registry | RegistryRefusal:
    """Return the registry with one more token, without older ones for the name and expired ones."""
    if not is_name(waiting.name):
        return RegistryRefusal("name", "a name has up to 63 letters and digits, inside also . _ and -")
    known = registry.sensor(waiting.name)
    if known is not None and known.revoked_at is None and not waiting.replaces:
        return RegistryRefusal("name", f"{waiting.name} is enrolled already; --replace gives it a new certificate")
    kept = tuple(each for each in registry.tokens if each.name != waiting.name and each.expires_at > waiting.made_at)
    if len(kept) >= MOST_TOKENS:
        return RegistryRefusal("name", f"{MOST_TOKENS} tokens wait already; let some expire")
    return msgspec.structs.replace(registry, tokens=(*kept, waiting))


def find_token(registry: Registry, token_id: bytes, secret: bytes, now: int) -> PendingToken | RegistryRefusal:
    """Return the token of `secret`. Unknown, used and wrong ones are indistinguishable from outside."""
    found = next((each for each in registry.tokens if each.id == token_id.hex()), None)
    kept = found.secret_hash if found else token.hashed(b"")
    if not token.opens(secret, kept) or found is None:
        return RegistryRefusal("token", "this token is not known; each can be used once")
    if found.expires_at <= now:
        return RegistryRefusal("expired", "this token has expired; make a new one with decnet swarm token")
    return found


def add_sensor(registry: Registry, sensor: Sensor, *, replaces: bool = False) -> Registry | RegistryRefusal:
    """Return the registry with a new sensor, without the tokens for its name; one of its name goes if `replaces`."""
    known = registry.sensor(sensor.name)
    if known is not None and known.revoked_at is None and not replaces:
        return RegistryRefusal("name", f"{sensor.name} is enrolled already")
    others = tuple(each for each in registry.sensors if each.name != sensor.name)
    if len(others) >= MOST_SENSORS:
        return RegistryRefusal(
            "name", f"{MOST_SENSORS} sensors are enrolled already; forget some with decnet swarm forget"
        )
    tokens = tuple(each for each in registry.tokens if each.name != sensor.name)
    return Registry((*others, sensor), tokens)


def renew_certificate(
    registry: Registry, name: str, presented: str, new: Certificate, now: int
) -> Registry | RegistryRefusal:
    """Return the registry with `new` beside the certificate that was `presented` for it."""
    sensor = registry.sensor(name)
    if sensor is None or sensor.revoked_at is not None:
        return RegistryRefusal("unknown", f"{name} does not belong to this fleet any more")
    old = next((each for each in sensor.certificates if each.fingerprint == presented), None)
    if old is None or old.not_after <= now:
        return RegistryRefusal("unknown", f"this certificate of {name} is not valid any more")
    changed = msgspec.structs.replace(sensor, certificates=(old, new), renewed_at=now)
    return _with(registry, changed)


def revoke_sensor(registry: Registry, name: str, now: int) -> Registry | RegistryRefusal:
    """Return the registry in which sensor `name` is revoked, without the tokens for that name."""
    sensor, tokens = registry.sensor(name), tuple(each for each in registry.tokens if each.name != name)
    if sensor is None and len(tokens) == len(registry.tokens):
        return RegistryRefusal(
            "unknown", f"there is no sensor {name}, nor a token for it; decnet swarm list shows them"
        )
    if sensor is not None and sensor.revoked_at is None:
        registry = _with(registry, msgspec.structs.replace(sensor, revoked_at=now))
    return msgspec.structs.replace(registry, tokens=tokens)


def remove_sensor(registry: Registry, name: str) -> Registry | RegistryRefusal:
    """Return the registry without sensor `name`, which must have been revoked."""
    sensor = registry.sensor(name)
    if sensor is None or sensor.revoked_at is None:
        return RegistryRefusal("unknown", f"there is no revoked sensor {name}; decnet swarm list shows them")
    return msgspec.structs.replace(registry, sensors=tuple(each for each in registry.sensors if each.name != name))


def _with(registry: Registry, changed: Sensor) -> Registry:
    sensors = tuple(changed if each.name == changed.name else each for each in registry.sensors)
    return msgspec.structs.replace(registry, sensors=sensors)
