# SPDX-License-Identifier: MIT
"""What a remote master does besides: synthetic users, workers that handle events again, its settings."""

from pathlib import Path
from typing import Any

from decnet.configuration.editing import EditedFile
from decnet.configuration.values import Value
from decnet.orchestrator.agenda import Agenda
from decnet.remote.client import Remote
from decnet.remote.converting import struct_of, structs_of, text_of
from decnet.remote.fleet import report
from decnet_models.following.replay import Plan

_MOST_ACTIONS = 1000


def agenda(remote: Remote, decky: str | None, limit: int) -> Agenda:
    """Return what synthetic users did in the last 24 hours and will do in the next ones."""
    found = remote.get("/orchestrator/agenda", decky=decky, limit=min(limit, _MOST_ACTIONS))
    return struct_of({**found, "actions": found["items"]}, Agenda)


class RemoteReplay:
    """A replay of a worker of a remote master."""

    def __init__(self, remote: Remote, worker: str, first: int | None, at: int | None) -> None:
        """It begins at row `first` of the log, else at the first event that happened at `at` (ns) or later."""
        self._remote = remote
        self._asked = {"worker": worker, "since": first, "since_time": None if at is None else text_of(at)}
        self._digest = ""

    def plan(self) -> Plan:
        """Return what it would do."""
        made = self._remote.send("POST", "/replays/plan", self._asked)
        self._digest = made["digest"]
        return struct_of(made, Plan)

    def begin(self, *, lose_forgotten: bool) -> Plan:
        """Begin it as it was planned; raises OperatorError when it would do something else by now."""
        asked = {**self._asked, "digest": self._digest, "lose_forgotten": lose_forgotten}
        return struct_of(self._remote.send("POST", "/replays", asked), Plan)

    def reached(self) -> int:
        """Return the row of the log that the worker has come to; 0 when nobody can tell."""
        progress = report(self._remote).progress
        return progress.cursors.get(str(self._asked["worker"]), 0) if progress else 0


def settings(remote: Remote) -> tuple[list[Value], list[str], str]:
    """Return all settings, what is wrong with them, and the file that they come from."""
    found = remote.get("/settings")
    return structs_of(found["items"], Value), found["problems"], found["file"]


class RemoteFile(EditedFile):
    """The settings file of a remote master, edited here."""

    def __init__(self, remote: Remote) -> None:
        self._remote = remote
        self._found: dict[str, Any] = remote.get("/settings/file")
        super().__init__(Path(self._found["path"]))

    def text(self) -> str | None:
        """Return what it held when it was read, None if it did not exist."""
        text: str | None = self._found["text"]
        return text

    def problems(self, text: str) -> list[str]:
        """Return what would be wrong with the master's settings if the file held `text`."""
        return list(self._remote.send("POST", "/settings/check", {"text": text})["problems"])

    def replace(self, before: str | None, after: str) -> None:
        """Put `after` in its place; raises OperatorError if it is not `before` any more, or the API may not do it."""
        assert before == self.text()  # which the digest is of
        self._remote.send("PUT", "/settings/file", {"text": after, "digest": self._found["digest"]})
