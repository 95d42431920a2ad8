# SPDX-License-Identifier: MIT
"""`decnet replay`: lets a worker handle events again, after showing what that does to its tables."""

import time
from typing import Annotated, Protocol

import typer

from decnet.cli.commands import RecordedCommand
from decnet.cli.errors import FAILED, OperatorError, WrongUsageError
from decnet.cli.options import Json, application
from decnet.fleet.deployment import find_deployment, transaction
from decnet.remote.current import master
from decnet.show import documents
from decnet_core.timing.timestamps import parse_iso8601
from decnet_models.following import replay as replays
from decnet_models.following.replay import Plan
from decnet_models.progress.queries import cursor_of

app = application("Let a worker handle events again.")

_LOOK_SECONDS = 0.5
_STILL_SECONDS = 30.0
"""Without progress for this long the worker does not seem to run; its longest poll is 10 s."""


@app.command(cls=RecordedCommand)
def replay(
    worker: Annotated[str, typer.Argument(help="A worker that follows the event log, as profiler or ttp.")],
    since: Annotated[str, typer.Option(help="First event: its number in the log, or a time (2026-11-23T20:00Z).")],
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")] = False,
    lose_forgotten: Annotated[
        bool, typer.Option("--lose-forgotten", help="Even if retention has removed events that were counted.")
    ] = False,
    wait: Annotated[bool, typer.Option(help="Show how far the worker is until it is done.")] = True,
    as_json: Json = False,
) -> None:
    """Let a worker handle events again: with its newer rules, or because its tables are in doubt.

    No notice is sent twice, and interrupting this command or the worker does not affect the result.
    """
    replayed = _replayed(worker, *_first(since))
    plan = replayed.plan()
    if plan.forgotten and not lose_forgotten:
        raise OperatorError(
            f"{worker} counts all events, and retention has removed {plan.forgotten} of them; what they added would "
            "be lost. If that is intended, add --lose-forgotten"
        )
    if not as_json:
        typer.echo(words(plan))
    if not yes:
        typer.confirm("Do it?", abort=True, err=as_json)
    plan = replayed.begin(lose_forgotten=lose_forgotten)
    if as_json:
        typer.echo(documents.line({"state": "begun", "plan": plan}))
    if wait:
        _watch(replayed, plan, as_json=as_json)


def words(plan: Plan) -> str:
    """Describe what a replay will do."""
    lines = [f"{plan.worker} will handle {plan.events} events again, from number {plan.first} to {plan.last}."]
    if plan.first < plan.asked:
        lines.append(f"Not from {plan.asked} on: what it counts can only be counted again from the beginning.")
    if plan.emptied:
        lines.append(f"Emptied now and rebuilt: {', '.join(plan.emptied)}.")
        lines.append("Until it is done, these tables are incomplete.")
    if plan.kept:
        lines.append(f"Kept and added to; existing rows do not change: {', '.join(plan.kept)}.")
    if plan.forgotten:
        lines.append(f"LOST: what {plan.forgotten} events added that retention has removed.")
    return "\n".join(lines)


class Replayed(Protocol):
    """A replay of a worker of this host's fleet, or of a remote master's."""

    def plan(self) -> Plan:
        """Return what it would do."""

    def begin(self, *, lose_forgotten: bool) -> Plan:
        """Begin it as it was planned."""

    def reached(self) -> int:
        """Return the row of the log that the worker has come to."""


class _OfThisHost:
    """A replay of a worker of this host's fleet, from row `first`, or from the first event at `at` (ns) or later."""

    def __init__(self, worker: str, first: int | None, at: int | None) -> None:
        self._worker, self._first, self._at = worker, first, at
        self._deployment = find_deployment()

    def plan(self) -> Plan:
        with transaction(self._deployment) as connection:
            first = replays.row_at(connection, self._at or 0) if self._first is None else self._first
            self._planned = replays.plan(connection, self._worker, first)
        return self._planned

    def begin(self, *, lose_forgotten: bool) -> Plan:  # noqa: ARG002  # asked before
        with transaction(self._deployment, write=True) as connection:
            replays.begin(connection, self._planned)
        return self._planned

    def reached(self) -> int:
        with transaction(self._deployment) as connection:
            return cursor_of(connection, self._worker)


def _replayed(worker: str, first: int | None, at: int | None) -> Replayed:
    if (remote := master()) is not None:
        from decnet.remote.upkeep import RemoteReplay

        return RemoteReplay(remote, worker, first, at)
    return _OfThisHost(worker, first, at)


def _first(since: str) -> tuple[int | None, int | None]:
    """Return the row of the log to begin at, or a time in ns; raises WrongUsageError."""
    if since.isdecimal():
        return int(since), None
    ts = parse_iso8601(since)
    if ts is None:
        raise WrongUsageError(f"--since {since!r} is neither an event's number nor a time as 2026-11-23T20:00Z")
    return None, ts


def _watch(replayed: Replayed, plan: Plan, *, as_json: bool) -> None:
    shown, moved = -1, time.monotonic()
    while shown < plan.last:
        reached = min(replayed.reached(), plan.last)
        if reached != shown:
            shown, moved = reached, time.monotonic()
            _say(plan, reached, as_json=as_json)
        elif time.monotonic() > moved + _STILL_SECONDS:
            typer.echo(f"decnet: {plan.worker} makes no progress; is it running? (decnet status)", err=True)
            raise typer.Exit(FAILED)
        if shown < plan.last:
            time.sleep(_LOOK_SECONDS)


def _say(plan: Plan, reached: int, *, as_json: bool) -> None:
    if as_json:
        typer.echo(documents.line({"state": "done" if reached == plan.last else "going", "seq": reached}))
        return
    share = 100 * max(0, reached - plan.first + 1) // max(1, plan.last - plan.first + 1)
    typer.echo(f"{plan.worker}: {reached} of {plan.last} ({share} %)")
