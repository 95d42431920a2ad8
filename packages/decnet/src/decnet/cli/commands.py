# SPDX-License-Identifier: MIT
"""Commands that change something: each leaves one entry in the audit log, as the same change by the API does."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Iterator
from typing import Any

import typer
from typer.core import TyperCommand

from decnet.cli import recording
from decnet.cli.errors import CommandError
from decnet_core.errors import CoreError
from decnet_core.text import for_terminal

ACTIONS = {
    "canary new": "canary.make",
    "config edit": "settings.change",
    "deploy": "fleet.deploy",
    "incident silence": "silence.add",
    "incident unsilence": "silence.end",
    "intel": "intel.refresh",
    "mutate": "decky.mutate",
    "replay": "worker.replay",
    "report": "report.send",
    "swarm bundle": "sensor.bundle",
    "swarm enrol": "sensor.sign",
    "swarm forget": "sensor.forget",
    "swarm renew": "sensor.renew",
    "swarm revoke": "sensor.revoke",
    "swarm token": "sensor.enrol",
    "webhook edit": "webhook.change",
}
"""The API's names of what commands do, where they differ from the command's own words."""

SECRET_OPTIONS = frozenset({"token", "option", "header"})
"""Options whose values are keys and passwords of others, or may be."""

_WAIT_SECONDS = 2
"""For the database, by a command that does not need it but for its entry."""
_LONGEST = 200
_URL = re.compile(r"([a-z][a-z0-9+.-]*://)(?:[^/?#\s]*@)?([^/?#\s]*)\S*", re.IGNORECASE)


class RecordedCommand(TyperCommand):
    """A command whose change is recorded with the command line, without secrets."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        path = ctx.command_path.removeprefix("decnet ")
        arguments = [one for one in self.params if one.param_type_name == "argument" and one.name]
        first = next((ctx.params.get(str(one.name)) for one in arguments), None)
        target = " ".join(_texts(first)) or None
        words = " ".join((path, *self._given(ctx.params)))
        with recording.command(ACTIONS.get(path, path.replace(" ", ".")), target, words):
            return super().invoke(ctx)

    def _given(self, values: dict[str, Any]) -> Iterator[str]:
        """Yield the words of what differs from its default."""
        for one in self.params:
            value = values.get(str(one.name))
            if value is None or value == one.default or value in ([], ()):
                continue
            if one.param_type_name == "argument":
                yield from _texts(value)
            elif isinstance(value, bool):
                yield (one.opts if value or not one.secondary_opts else one.secondary_opts)[0]
            else:
                for text in _texts(value):
                    yield f"{one.opts[0]} {'...' if one.name in SECRET_OPTIONS else text}"


def changed_outside() -> None:
    """Record what the command did to something that is not in the database, which may not be there yet.

    What is done is done: a database that cannot be used is told, and not waited for.
    """
    from decnet.fleet.deployment import find_deployment, transaction
    from decnet_models.database.engine import sqlite_file
    from decnet_models.errors import DatabaseError

    try:
        deployment = find_deployment()
        file = sqlite_file(deployment.database_url)
        if file is None or file.exists():
            with transaction(deployment, write=True, wait_seconds=_WAIT_SECONDS):
                pass
    except (CommandError, CoreError, DatabaseError, OSError) as error:
        typer.echo(f"done, but not recorded in the audit: {for_terminal(str(error), 1024)}", err=True)


def _texts(value: object) -> list[str]:
    """Return the texts of a parameter; of a URL only where it leads, for its path may be a key."""
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [text for one in value for text in _texts(one)]
    text = str(value.value if isinstance(value, enum.Enum) else "" if value is None else value)
    return [for_terminal(_URL.sub(r"\1\2", text), _LONGEST)] if text else []
