# SPDX-License-Identifier: MIT
"""What others on the master may know of the sensors: when each was heard last, and how its deckies stand.

The files are not synced: after a power cut the listener knows the members from its registry, and hears the rest again.
"""

import logging
import time
from collections.abc import Collection
from pathlib import Path

import msgspec

from decnet_core.deckies.orders import Contact, Standings, contacts, contacts_folder, reported, reported_file
from decnet_core.durable import make_directory, replace_file
from decnet_core.timing.durations import SECOND_NS
from decnet_swarm.pki.registry_file import RegistryError, load
from decnet_swarm.pki.sensor_registry import Registry, Sensor

log = logging.getLogger(__name__)

FRESH_NS = 20 * SECOND_NS
"""How old the last word in a file may be of a sensor that is connected, at most."""
_FRESH_PART = 4
"""And this part of the time after which it would be silent: else one that talks would be told of again and again."""


class Contacts:
    """`heard` costs nothing; the rest blocks, for a thread."""

    def __init__(self, state: Path, folder: Path, *, silent_seconds: float, resumed: bool) -> None:
        """`folder` has the registry; `resumed`: another process listened until now. Raises OSError."""
        self._state = state
        self._folder = folder
        self._silent_seconds = silent_seconds
        self._fresh_ns = min(FRESH_NS, int(silent_seconds * SECOND_NS) // _FRESH_PART)
        make_directory(contacts_folder(state), 0o750)
        self._written = contacts(state)
        self._heard = {name: one.heard_at for name, one in self._written.items()}
        before = max((one.watched_from for one in self._written.values()), default=0)
        self._watched_from = before if resumed and before else time.time_ns()

    def heard(self, sensor: str) -> None:
        """Note that the sensor said something."""
        self._heard[sensor] = time.time_ns()

    def write(self, connected: Collection[str]) -> list[str]:
        """Write what is other than before; return the sensors of which it is more than the time. Raises OSError."""
        try:
            registry = load(self._folder)
        except RegistryError:
            registry = Registry()
        if registry.sensors:
            self._remove_others({one.name for one in registry.sensors})
        return [one.name for one in registry.sensors if self._write(one, connected=one.name in connected)]

    def report(self, sensor: str, standings: Standings) -> bool:
        """Keep how the deckies of a sensor stand; return whether it is news. Raises OSError."""
        if reported(self._state, sensor) == standings:
            return False
        replace_file(reported_file(self._state, sensor), msgspec.json.encode(standings), synced=False)
        return True

    def _write(self, sensor: Sensor, *, connected: bool) -> bool:
        enrolled = (sensor.renewed_at or sensor.enrolled_at) * SECOND_NS
        now = Contact(
            sensor=sensor.name,
            heard_at=max(self._heard.get(sensor.name, 0), enrolled),
            connected=connected,
            revoked=sensor.revoked_at is not None,
            not_after=max((each.not_after for each in sensor.certificates), default=0) * SECOND_NS,
            watched_from=self._watched_from,
            silent_seconds=self._silent_seconds,
        )
        before = self._written.get(sensor.name)
        news = before is None or msgspec.structs.replace(before, heard_at=now.heard_at) != now
        if news or (before is not None and now.heard_at - before.heard_at >= self._fresh_ns):
            replace_file(contacts_folder(self._state) / f"{sensor.name}.json", msgspec.json.encode(now), synced=False)
            self._written[sensor.name] = now
        return news

    def _remove_others(self, members: set[str]) -> None:
        """Remove the files of sensors that the registry has forgotten."""
        for name in self._written.keys() - members:
            (contacts_folder(self._state) / f"{name}.json").unlink(missing_ok=True)
            reported_file(self._state, name).unlink(missing_ok=True)
            del self._written[name]
