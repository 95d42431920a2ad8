# SPDX-License-Identifier: MIT
"""`decnet play SESSION`: a recorded session as it appeared on the attacker's terminal."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Annotated, BinaryIO

import typer
from sqlalchemy import Connection

from decnet.cli.errors import NotFoundError
from decnet.cli.options import application
from decnet.fleet.deployment import find_deployment, transaction
from decnet.history.playback import header_of, outputs, play, recording_file
from decnet.remote.current import master
from decnet.show.times import moment
from decnet_core.text import for_terminal
from decnet_models.attackers import queries
from decnet_models.attackers.profile import Session

app = application("Recorded sessions.")


@app.command("play")
def play_session(
    session: Annotated[str, typer.Argument(help="Session, or recording, as `decnet sessions` lists it.")],
    speed: Annotated[float, typer.Option(min=0.1, max=100, help="So many times as fast as it happened.")] = 1.0,
    longest_pause: Annotated[
        float, typer.Option("--longest-pause", min=0, help="Shorten pauses to so many seconds.")
    ] = 2.0,
    at_once: Annotated[bool, typer.Option("--at-once", help="Show the whole session without waiting.")] = False,
) -> None:
    """Play what a session showed. What could act on your terminal is left out."""
    with _recorded(session) as (found, stream):
        lines = iter(stream)
        header = header_of(lines)
        typer.echo(_title(found, header.width, header.height), err=True)
        timed = sys.stdout.isatty() and not at_once
        play(outputs(lines), _write, speed=speed if timed else None, longest_pause=longest_pause)


@contextmanager
def _recorded(name: str) -> Iterator[tuple[Session, BinaryIO]]:
    """Yield the session of that name and its recording."""
    if (remote := master()) is not None:
        from decnet.remote import findings

        found, content = findings.recording(remote, name)
        yield found, BytesIO(content)
        return
    deployment = find_deployment()
    with transaction(deployment) as connection:
        found = _session(connection, name)
    with recording_file(deployment.state, found).open("rb") as stream:
        yield found, stream


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _session(connection: Connection, name: str) -> Session:
    found = queries.sessions_named(connection, name)
    if not found:
        raise NotFoundError(f"there is no session {for_terminal(name, 64)!r}; decnet sessions lists them")
    if len(found) > 1:
        raise NotFoundError(f"several sessions begin with {for_terminal(name, 64)!r}; write more of it")
    return found[0]


def _title(session: Session, width: int, height: int) -> str:
    begun = moment(session.opened_at if session.opened_at is not None else session.first_seen)
    who = for_terminal(f"{session.username or '-'} from {session.attacker} at {session.decky or '-'}")
    return f"{begun}  {who}  terminal {width}x{height}  session {for_terminal(session.session, 64)}"
