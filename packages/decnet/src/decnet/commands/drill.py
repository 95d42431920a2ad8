# SPDX-License-Identifier: MIT
"""`decnet drill`: checks that everything an attacker does is reported, and how soon."""

import asyncio
import contextlib
import enum
import os
from typing import Annotated

import msgspec
import typer

from decnet.cli.commands import RecordedCommand
from decnet.cli.errors import FAILED, WrongUsageError
from decnet.cli.options import Json, application
from decnet.drill.examination import CheckResult
from decnet.drill.private import private_fleet
from decnet.drill.run import Report
from decnet.drill.run import drill as run_drill
from decnet.fleet.deployment import Deployment, find_deployment
from decnet.show import documents
from decnet.up.hosting import HELP, Hosting
from decnet_core.text import for_terminal


class LanRuntime(enum.Enum):
    """What deckies on the drill's LAN run in."""

    HOST = "host"
    NETNS = "netns"


app = application("Attack your own fleet to test it.")


@app.command(cls=RecordedCommand)
def drill(
    *,
    private: Annotated[bool, typer.Option("--private", help="On a temporary fleet.")] = False,
    host: Annotated[Hosting | None, typer.Option(help=f"With --private. {HELP}")] = None,
    bus: Annotated[str, typer.Option(help="URL of the bus, if not in the settings.")] = "",
    database: Annotated[str, typer.Option(help="URL of the database, if not in the settings.")] = "",
    runtime: Annotated[
        LanRuntime | None, typer.Option(help="On a temporary LAN, with deckies of that kind (root).")
    ] = None,
    deckies: Annotated[int, typer.Option(min=1, max=1000, help="With --runtime: how many.")] = 20,
    deadline: Annotated[float, typer.Option(min=0.1, max=600, help="Seconds for each check.")] = 10.0,
    as_json: Json = False,
) -> None:
    """Attack the fleet with real clients and check that everything is reported; exit code 0 only if all of it is."""
    if host is not None and not private:
        raise WrongUsageError("--host is only for --private; a running fleet is hosted as it is")
    if runtime is not None:
        _on_lan(runtime, deckies, deadline, as_json=as_json)
        return
    hosting = host or Hosting.FORK
    with private_fleet(bus=bus, database=database, hosting=hosting) if private else _given(bus, database) as deployment:
        report = asyncio.run(run_drill(deployment, deadline, _silent if as_json else _tell))
    _conclude(report, as_json=as_json)


def _on_lan(runtime: LanRuntime, deckies: int, deadline: float, *, as_json: bool) -> None:
    from decnet.drill.lan.run import drill as drill_on_lan  # what it needs of the reconciler, only for this

    _conclude(drill_on_lan(runtime.value, deckies, max(deadline, 60.0), _silent if as_json else _tell), as_json=as_json)


def _conclude(report: Report, *, as_json: bool) -> None:
    whole = {**msgspec.structs.asdict(report), "holds": report.holds}
    typer.echo(documents.document(whole) if as_json else _verdict(report))
    if not report.holds:
        raise typer.Exit(FAILED)


def _given(bus: str, database: str) -> contextlib.AbstractContextManager[Deployment]:
    """Return the running fleet, with another bus or database if given."""
    if bus:
        os.environ["DECNET_BUS_URL"] = bus
    if database:
        os.environ["DECNET_DATABASE_URL"] = database
    return contextlib.nullcontext(find_deployment())


def _tell(outcome: CheckResult) -> None:
    word = "ok  " if outcome.holds else "FAIL"
    typer.echo(f"{word}  {outcome.seconds:7.3f} s  {outcome.check:<32}  {for_terminal(outcome.detail, 300)}")


def _silent(outcome: CheckResult) -> None:
    """Print nothing: the document at the end has it all."""


def _verdict(report: Report) -> str:
    good = sum(outcome.holds for outcome in report.outcomes)
    lines = [f"{good} of {len(report.outcomes)} hold, {report.seconds:.1f} s, attack from {report.source}"]
    if report.attack_error:
        lines.append(f"the attack itself failed: {for_terminal(report.attack_error, 300)}")
    return "\n".join(lines)
