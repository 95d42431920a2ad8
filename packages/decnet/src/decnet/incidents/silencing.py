# SPDX-License-Identifier: MIT
"""Silences of incidents, as an operator makes and ends them."""

import time

from sqlalchemy import Connection

from decnet.cli.errors import NotFoundError, WrongUsageError
from decnet.show.times import moment
from decnet.webhook.selecting import Wish
from decnet_models.incidents import silences
from decnet_models.incidents.silences import Silence
from decnet_workers.webhook.incidents.selection import Selection, written

HEADING = ("silence", "until", "about", "who", "reason")


def add(connection: Connection, wish: Wish, until: int, who: str, reason: str) -> int:
    """Add a silence until a time to come (ns); return its number. Raises WrongUsageError."""
    selection = wish.applied(Selection())
    if selection == Selection():
        raise WrongUsageError("say what to be silent about: a source, decky, technique or tag")
    return silences.silence(connection, written(selection), until, who, reason, now_ns=time.time_ns())


def lasting(connection: Connection) -> list[Silence]:
    return silences.silences(connection, time.time_ns())


def end(connection: Connection, number: int) -> None:
    """End a silence; raises NotFoundError."""
    if not silences.end_silence(connection, number, now_ns=time.time_ns()):
        raise NotFoundError(f"no silence {number} lasts; decnet incident silences lists those that do")


def row(one: Silence) -> tuple[object, ...]:
    return one.id, moment(one.until), one.filter, one.who, one.reason or None
