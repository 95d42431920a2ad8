# SPDX-License-Identifier: MIT
"""Groups of workers that share a supervisor, and with it a failure domain and privileges.

A worker declares its group itself (`Worker.group`), so the registry stays the only list of workers.
"""

from collections.abc import Iterable, Mapping

from decnet_core.errors import CoreError

ALL = "all"

MEANING = {
    "bus": "the broker, without which all others are merely slower",
    "decoys": "what attackers touch",
    "sensor": "what a sensor host runs besides its decoys",
    "herd": "the light workers of the master",
    "heavy": "the workers that compute on every event",
    "face": "the API and the dashboard",
}


class UnknownGroup(CoreError, LookupError):
    """No installed worker is in a group of that name."""


def members(group_of: Mapping[str, str], wanted: Iterable[str]) -> tuple[str, ...]:
    """Return the workers in the `wanted` groups, in the order of `group_of` (worker to group); raises UnknownGroup."""
    asked = set(wanted)
    known = {*group_of.values(), ALL}
    if unknown := asked - known:
        raise UnknownGroup(f"unknown group {min(unknown)!r}; choose from: {', '.join(sorted(known))}")
    return tuple(worker for worker, group in group_of.items() if ALL in asked or group in asked)
