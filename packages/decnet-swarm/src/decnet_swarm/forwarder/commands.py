# SPDX-License-Identifier: MIT
"""Commands of `decnet-forwarder` besides running it; loaded only when one is called."""

import sys
from typing import Annotated, NoReturn

import typer

from decnet_core.exits import Exit
from decnet_core.settings import DEFAULT_FILE, Settings, SettingsError
from decnet_core.state import State, StateSettings
from decnet_swarm.address import ENROLMENT, Address, address_in
from decnet_swarm.enrolment.client import enrol as enrol_here
from decnet_swarm.enrolment.exchange import ExchangeError
from decnet_swarm.pki import files
from decnet_swarm.pki import token as tokens
from decnet_swarm.pki.files import Enrolled


def register(app: typer.Typer) -> None:
    """Add `enrol` to the worker's command line."""
    app.command()(enrol)


def enrol(
    context: typer.Context,
    master: Annotated[str, typer.Option(help="HOST:PORT of the master, as `decnet swarm token` printed it.")],
    token: Annotated[str, typer.Option(help="The token that it printed; - reads it from standard input.")],
) -> None:
    """Make this host a sensor of a fleet: create a key and have the master sign it. The key never leaves this host."""
    try:
        settings = Settings.load(context.parent.params.get("settings") if context.parent else None)
        place = settings.section("state", StateSettings)
        word, address = _word(token), _address(master)
        _refuse_other_name(settings, place, word)
        known = enrol_here(files.forwarder_folder(State.of(place).root), address, word)
    except SettingsError as error:
        _refuse(str(error), Exit.STARTUP_FAILED)
    except ExchangeError as error:
        _refuse(str(error), Exit.CRASHED)
    except OSError as error:
        _refuse(f"cannot write {error.filename or 'the certificate'}: {error.strerror}", Exit.STARTUP_FAILED)
    typer.echo(f"enrolled as {known.name}; events go to {known.server}")
    typer.echo(_next(settings, known), err=True)


def _word(text: str) -> tokens.Token:
    token = tokens.decode_token(sys.stdin.readline() if text == "-" else text)
    if isinstance(token, tokens.Misread):
        _refuse(f"this is no token: {token.reason}", Exit.USAGE)
    return token


def _address(text: str) -> Address:
    try:
        return address_in(text, ENROLMENT)
    except ValueError as error:
        _refuse(f"--master: {error}", Exit.USAGE)


def _refuse_other_name(settings: Settings, place: StateSettings, word: tokens.Token) -> None:
    """Report before the token is spent that this host has another name: its events would be rejected."""
    if settings.is_set("state", "sensor") and place.sensor_name != word.name:
        _refuse(
            f"this token is for {word.name}, but [state] sensor is {place.sensor_name}; "
            "change one of them, the token with `decnet swarm token`",
            Exit.STARTUP_FAILED,
        )


def _next(settings: Settings, known: Enrolled) -> str:
    """Return what is still to do: a sensor without settings gets them from `decnet-supervise init`."""
    if not settings.sections():
        return "next: decnet-supervise init"
    missing = [
        line
        for section, key, line in (
            ("state", "sensor", f'[state] sensor = "{known.name}"'),
            ("forwarder", "server", f'[forwarder] server = "{known.server}"'),
        )
        if not settings.is_set(section, key)
    ]
    if missing:
        return f"next: write into {DEFAULT_FILE}: {', '.join(missing)}"
    return "next: restart the forwarder"


def _refuse(words: str, code: Exit) -> NoReturn:
    typer.echo(f"decnet-forwarder: {words}", err=True)
    raise typer.Exit(code)
