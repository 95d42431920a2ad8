# SPDX-License-Identifier: MIT
"""`decnet-ttp enable|disable|cap|states`: the operator's overrides of single rules, kept in the database.

The worker reads them with every batch, so they apply to the next events, without a restart.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, TypeVar
from uuid import UUID

import typer
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from decnet_core.settings import Settings, SettingsError
from decnet_core.state import State, StateSettings
from decnet_core.text import for_terminal
from decnet_core.timing.durations import HOUR_NS
from decnet_models.database.engine import open_engine, writing
from decnet_models.database.schema import require_current
from decnet_models.database.settings import database_url
from decnet_models.errors import DatabaseError, reason
from decnet_models.ttp.rule_states import RuleState, rule_states, set_rule_state

T = TypeVar("T")

RuleId = Annotated[UUID, typer.Argument(metavar="RULE", help="The rule's id; `list-rules --json` shows it.")]
Hours = Annotated[float, typer.Option("--hours", min=0, max=24 * 366, help="Duration from now; 0: until changed.")]
Why = Annotated[str, typer.Option("--reason", help="The reason, for others.")]
SettingsFile = Annotated[Path | None, typer.Option("--settings", help="Settings file (TOML).")]


def enable(rule: RuleId, settings: SettingsFile = None) -> None:
    """Remove the override of a rule."""
    _set(RuleState(rule, "enabled"), settings)


def disable(rule: RuleId, hours: Hours = 0, why: Why = "", settings: SettingsFile = None) -> None:
    """Let a rule tag nothing."""
    _set(RuleState(rule, "disabled", None, _until(hours), why), settings)


def cap(
    rule: RuleId,
    events: Annotated[int, typer.Argument(min=1, help="Events of one attacker and UTC day that it may tag.")],
    hours: Hours = 0,
    why: Why = "",
    settings: SettingsFile = None,
) -> None:
    """Limit a rule's tags to a number of events per attacker and day."""
    _set(RuleState(rule, "capped", events, _until(hours), why), settings)


def states(settings: SettingsFile = None) -> None:
    """List the rules that are disabled or capped."""
    for state in _in_database(rule_states, settings).values():
        typer.echo(f"{state.rule_id}  {_described(state)}  {for_terminal(state.reason)}".rstrip())


@contextmanager
def _disposed(engine: Engine) -> Iterator[None]:
    try:
        yield
    finally:
        engine.dispose()


def _described(state: RuleState) -> str:
    from datetime import UTC, datetime

    cap_ = f" at {state.cap}" if state.cap is not None else ""
    if state.expires_at is None:
        return f"{state.state}{cap_}"
    until = datetime.fromtimestamp(state.expires_at // 1_000_000_000, UTC).isoformat(timespec="minutes")
    return f"{state.state}{cap_} for events before {until}"


def _until(hours: float) -> int | None:
    return time.time_ns() + int(hours * HOUR_NS) if hours else None


def _set(state: RuleState, settings: Path | None) -> None:
    _in_database(lambda connection: set_rule_state(connection, state, now_ns=time.time_ns()), settings)
    typer.echo(f"{state.rule_id}  {_described(state)}")


def _in_database(work: Callable[[Connection], T], file: Path | None) -> T:
    """Do `work` in one transaction; on failure print one line, and exit with 1."""
    try:
        settings = Settings.load(file)
        engine = open_engine(database_url(settings, State.of(settings.section("state", StateSettings))))
        with _disposed(engine), writing(engine) as connection:
            require_current(connection)
            return work(connection)
    except (DatabaseError, SettingsError) as error:
        typer.echo(str(error), err=True)
    except DBAPIError as error:
        typer.echo(f"the database cannot be used: {reason(error)}", err=True)
    raise typer.Exit(1)
