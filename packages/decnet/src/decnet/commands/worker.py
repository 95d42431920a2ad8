# SPDX-License-Identifier: MIT
"""`decnet worker`: orders to single workers, and the end of their logs."""

from typing import Annotated

import typer

from decnet.cli.commands import RecordedCommand, changed_outside
from decnet.cli.options import Json, application
from decnet.fleet.deployment import find_deployment
from decnet.fleet.orders import Op, order
from decnet.fleet.worker_log import MOST_LINES, log_tail
from decnet.remote.current import master
from decnet.show import documents

app = application("Single workers: restart, pause, resume, reload, and the end of their logs.")

Name = Annotated[str, typer.Argument(help="The worker's name, as decnet status shows it.")]


@app.command(cls=RecordedCommand)
def restart(name: Name, as_json: Json = False) -> None:
    """Restart a worker, also one that is down for good; no crash is counted."""
    _order(name, "restart", as_json=as_json)


@app.command(cls=RecordedCommand)
def pause(name: Name, as_json: Json = False) -> None:
    """Let a worker rest until it is resumed, or the bus is lost; nothing it would have done is lost."""
    _order(name, "pause", as_json=as_json)


@app.command(cls=RecordedCommand)
def resume(name: Name, as_json: Json = False) -> None:
    """Let a paused worker go on."""
    _order(name, "resume", as_json=as_json)


@app.command(cls=RecordedCommand)
def reload(name: Name, as_json: Json = False) -> None:
    """Have a worker read again what it holds: rules, certificates, lists. Settings are read at its start."""
    _order(name, "reload", as_json=as_json)


@app.command()
def log(
    name: Name,
    lines: Annotated[int, typer.Option("--lines", "-n", min=1, max=MOST_LINES, help="At most this many.")] = 50,
    as_json: Json = False,
) -> None:
    """Print the newest lines of a worker's log; `fleet` names that of its supervisor."""
    if (remote := master()) is not None:
        from decnet.remote import fleet

        tail = fleet.log_tail(remote, name, lines)
    else:
        tail = log_tail(find_deployment(), name, lines)
    if as_json:
        typer.echo(documents.document(tail))
        return
    for one in tail.lines:
        typer.echo(" ".join(filter(None, (one.at, one.level, one.logger, one.message))))


def _order(name: str, op: Op, *, as_json: bool) -> None:
    if (remote := master()) is not None:
        from decnet.remote import fleet

        taken = fleet.order(remote, name, op)
        typer.echo(documents.document(taken) if as_json else f"{name}: {_words(op, taken['state'])}")
        return
    answer = order(find_deployment(), name, op)
    changed_outside()
    typer.echo(documents.document(answer) if as_json else f"{name}: {_words(op, answer.state)}")


def _words(op: Op, state: str) -> str:
    """Return what a worker does now that was in `state` when it took the order."""
    if state == "parked":
        return "starting (it was parked)"
    return {"restart": "restarting", "reload": "reloading"}.get(op, state)
