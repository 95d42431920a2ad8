# SPDX-License-Identifier: MIT
"""Rows of the list of deckies: those of the database with their states, and those of the settings."""

from __future__ import annotations

import heapq
from collections.abc import Iterable

from sqlalchemy import Connection

from decnet.fleet.deployment import Deployment
from decnet.fleet.settings_deckies import deckies_of_settings
from decnet.show.deckies import state_words
from decnet_core.text import for_terminal
from decnet_models.database.rows.keyset import Direction
from decnet_models.fleet import mutation_policies, queries, states
from decnet_models.fleet.queries import Decky
from decnet_web.api.routes.fleet.deckies.shapes import DeckyActual, DeckyShown, DeckyWanted


def decky_rows(
    deployment: Deployment, connection: Connection, after: str | None, limit: int, direction: Direction
) -> list[DeckyShown]:
    """Return up to `limit` deckies by name, those that come after `after` in that direction."""
    last_first = direction == "desc"
    played = list(map(_played, deckies_of_settings(deployment)))
    if last_first:
        played.reverse()
    if after is not None:
        played = [one for one in played if (one.name < after if last_first else one.name > after)]
    stored = _stored(connection, queries.deckies(connection, limit, after=after, direction=direction))
    return list(heapq.merge(stored, played, key=_name, reverse=last_first))[:limit]


def decky_row(connection: Connection, one: Decky) -> DeckyShown:
    """Return a decky of the database or of the settings as it is shown."""
    return _stored(connection, [one])[0] if one.version else _played(one)


def _played(one: Decky) -> DeckyShown:
    return _row(one, None, has_policy=False)


def _stored(connection: Connection, found: Iterable[Decky]) -> list[DeckyShown]:
    deckies = list(found)
    names = [one.name for one in deckies]
    actual, policies = states.states_of(connection, names), mutation_policies.policies(connection, names)
    return [_row(one, actual.get(one.name), has_policy=one.name in policies) for one in deckies]


def _row(one: Decky, state: states.State | None, *, has_policy: bool) -> DeckyShown:
    return DeckyShown(
        **dict(DeckyWanted.model_validate(one)),
        from_settings=one.version == 0,
        has_policy=has_policy,
        actual=_actual(state),
        state=state_words(one, state),
    )


def _actual(state: states.State | None) -> DeckyActual | None:
    if state is None:
        return None
    shown = DeckyActual.model_validate(state)
    shown.error = for_terminal(state.error, 2048) if state.error else None
    return shown


def _name(row: DeckyShown) -> str:
    return row.name
