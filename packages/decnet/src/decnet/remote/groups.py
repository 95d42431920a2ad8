# SPDX-License-Identifier: MIT
"""Identities and campaigns of a remote master, and decisions about them."""

from collections.abc import Sequence
from typing import Any

from decnet.cli.errors import WrongUsageError
from decnet.grouping.whole import Whole
from decnet.remote.client import Remote, place
from decnet.remote.converting import struct_of
from decnet.remote.findings import span
from decnet_models.campaigns.tables import CAMPAIGNS
from decnet_models.database.window import Window
from decnet_models.grouping.shape import Grouping
from decnet_models.grouping.values import Group

_MOST = 1000


def groups(remote: Remote, g: Grouping[Any], limit: int, least: int, window: Window) -> list[tuple[Group, bool]]:
    """Return identities or campaigns, last seen first, each with whether it has ended."""
    rows = remote.listed(_path(g), limit, least=least, **span(window))
    return [(struct_of(row, Group), row["ended"]) for row in rows]


def whole(remote: Remote, g: Grouping[Any], name: str, limit: int) -> Whole:
    """Return all about one, of each list at most `limit`; raises NotFoundError."""
    found = remote.get(f"{_path(g)}/{place(name)}", limit=min(limit, _MOST))
    here = {"group": found["group"]["id"]}
    members = [{**_reasoned(one), **here} for one in found["members"]]
    return struct_of({**found, "members": members, "changes": [_reasoned(one) for one in found["changes"]]}, Whole)


class RemoteGroups:
    """Decisions about the identities or the campaigns of a remote master; each returns their numbers."""

    def __init__(self, remote: Remote, g: Grouping[Any]) -> None:
        self._remote = remote
        self._path = _path(g)

    def split(self, names: Sequence[str], reason: str) -> list[int]:
        """Take members out of their group."""
        return self._decided(f"/{place(names[0])}/split", {"subjects": names, "reason": reason})

    def join(self, names: Sequence[str], reason: str) -> list[int]:
        """Make groups one."""
        first, *others = names
        if not others:
            raise WrongUsageError("name two or more")
        return self._decided(f"/{place(first)}/join", {"subjects": others, "reason": reason})

    def pin(self, name: str, to: str, reason: str) -> list[int]:
        """Decide that a subject is in a group: without the name of one in that in which it is now."""
        return self._decided(f"/{place(to or name)}/pin", {"subject": name, "reason": reason})

    def separate(self, names: tuple[str, str], reason: str) -> list[int]:
        """Decide that two subjects are not together."""
        return self._decided("/separations", {"subjects": names, "reason": reason})

    def undo(self, change: int, reason: str) -> list[int]:
        """Undo a merge or a split for good."""
        return self._decided(f"/changes/{change}/undo", {"reason": reason})

    def withdraw(self, decision: int) -> None:
        """Withdraw a decision; raises NotFoundError when it is not in force."""
        self._remote.send("POST", f"{self._path}/decisions/{decision}/withdraw")

    def _decided(self, path: str, asked: dict[str, Any]) -> list[int]:
        made = self._remote.send("POST", self._path + path, asked)
        return [one["id"] for one in made["decisions"]]


def _path(g: Grouping[Any]) -> str:
    return "/campaigns" if g is CAMPAIGNS else "/identities"


def _reasoned(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with its reasons as the tables have them."""
    return {**row, "because": [[one["kind"], one["value"], one["bits"]] for one in row["because"]]}
