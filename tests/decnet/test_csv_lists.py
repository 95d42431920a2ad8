# SPDX-License-Identifier: MIT
"""Whatever lists can do so as CSV, in which no spreadsheet finds a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator

from tests.decnet.command_result import Run

from decnet.fleet.deployment import Deployment
from decnet.manual.programs import Command, operator
from decnet_core.events.catalogue import HttpRequest, LoginAttempt


def leaves(command: Command) -> Iterator[Command]:
    for one in command.commands:
        yield from leaves(one)
    if not command.commands:
        yield command


def lists(command: Command) -> bool:
    words = command.help.split()[:4]
    return command.name.endswith(" list") or "List" in words or command.name in {"decnet events", "decnet search"}


def test_every_list_is_also_a_table_for_spreadsheets(
    run: Run, deployment: Deployment, store: Callable[..., None]
) -> None:
    store(HttpRequest("GET", "=cmd|' /C calc'!A0"), LoginAttempt("ssh", "@SUM(1)", success=False, password="+1"))
    found = [one for one in leaves(operator()) if lists(one)]
    assert len(found) >= 20
    for one in found:
        options = {name for parameter in one.parameters for name in parameter.names}
        assert "--csv" in options, one.name
        words = [*one.name.split()[1:], *(["SUM"] if one.name == "decnet search" else [])]
        said = run(*words, "--csv")
        assert said.code == 0, (one.name, said.err)
        rows = list(csv.reader(io.StringIO(said.out)))
        assert rows, one.name
        assert {len(row) for row in rows} == {len(rows[0])}, one.name
        assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t"))], one.name


def test_events_as_csv_do_not_follow(run: Run, deployment: Deployment) -> None:
    assert run("events", "--csv", "--follow").code == 2
    assert run("events", "--csv", "--json").code == 2
