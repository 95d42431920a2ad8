# SPDX-License-Identifier: MIT
"""Decides which certificates may connect; used at each handshake and whenever the registry changes."""

import logging
import time
from pathlib import Path

import msgspec

from decnet_swarm.pki.der import fingerprint
from decnet_swarm.pki.names import Role
from decnet_swarm.pki.registry_file import FILE, RegistryError, load
from decnet_swarm.pki.sensor_registry import Registry

log = logging.getLogger(__name__)


REVOKED = "was revoked"
"""How the reason ends for which a sensor is refused that the operator has revoked."""


class Admitted(msgspec.Struct, frozen=True):
    name: str
    role: Role
    fingerprint: str
    not_after: int
    """Seconds since the Unix epoch."""


class Refusal(msgspec.Struct, frozen=True):
    """Not a member, or no longer one."""

    reason: str


class Admission:
    """The registry as the listener sees it.

    It changes only in `refresh`, which costs one stat(2) while nothing happens. A registry that cannot be read leaves
    the last one standing: sensors must not lose their master to a full disk, and the next `refresh` tries again.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._stamp: tuple[int, ...] | None = None
        self._members: dict[str, Admitted] = {}
        self._revoked: dict[str, str] = {}
        self._expires = 0
        self.refresh()

    def refresh(self) -> bool:
        """Load the registry if it changed; return whether it did."""
        stamp = self._seen()
        if stamp == self._stamp:
            return False
        try:
            self._take(load(self._path.parent))
        except RegistryError as error:
            log.warning("%s", error)
            return False
        self._stamp = stamp
        return True

    def admit(self, certificate: bytes | None, now: float | None = None) -> Admitted | Refusal:
        """Return the member that holds `certificate` (DER, verified by TLS), or why it is refused."""
        if not certificate:
            return Refusal("no certificate")
        return self.admit_fingerprint(fingerprint(certificate), now)

    def admit_fingerprint(self, mark: str, now: float | None = None) -> Admitted | Refusal:
        """Return the same for the fingerprint of a certificate, e.g. for a connection that stands."""
        if mark in self._revoked:
            return Refusal(f"{self._revoked[mark]} {REVOKED}")
        member = self._members.get(mark)
        if member is None:
            return Refusal("a certificate that is not registered")
        if member.not_after <= (time.time() if now is None else now):
            return Refusal(f"the certificate of {member.name} has expired")
        return member

    def may_enrol(self) -> bool:
        return self._expires > time.time()

    def _seen(self) -> tuple[int, ...] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_size, found.st_mtime_ns

    def _take(self, registry: Registry) -> None:
        self._members, self._revoked = {}, {}
        for sensor in registry.sensors:
            for each in sensor.certificates:
                if sensor.revoked_at is None:
                    member = Admitted(sensor.name, sensor.role, each.fingerprint, each.not_after)
                    self._members[each.fingerprint] = member
                else:
                    self._revoked[each.fingerprint] = sensor.name
        self._expires = max((each.expires_at for each in registry.tokens), default=0)
