# SPDX-License-Identifier: MIT
"""Rows of the list of deckies: those of the database with their states, and those of the settings."""

from __future__ import annotations

import heapq
from collections.abc import Iterable

from sqlalchemy import Connection

from decnet.fleet.deployment import Deployment
from decnet.show.deckies import state_words
from decnet_core.text import for_terminal
from decnet_decoys.errors import DecoysError
from decnet_decoys.fleet import deckies as deckies_of_settings
from decnet_decoys.services import service_registry
from decnet_decoys.settings import DecoysSettings
from decnet_models.database.rows.keyset import Direction
from decnet_models.fleet import mutation_policies, queries, states
from decnet_models.fleet.queries import Decky
from decnet_web.api.routes.fleet.deckies.shapes import DeckyActual, DeckyPlace, DeckyPort, DeckyShown, DeckyWanted


def decky_rows(
    deployment: Deployment, connection: Connection, after: str | None, limit: int, direction: Direction
) -> list[DeckyShown]:
    """Return up to `limit` deckies by name, those that come after `after` in that direction."""
    last_first = direction == "desc"
    played = sorted(of_settings(deployment), key=_name, reverse=last_first)
    if after is not None:
        played = [one for one in played if (one.name < after if last_first else one.name > after)]
    stored = _stored(connection, queries.deckies(connection, limit, after=after, direction=direction))
    return list(heapq.merge(stored, played, key=_name, reverse=last_first))[:limit]


def decky_row(deployment: Deployment, connection: Connection, name: str) -> DeckyShown | None:
    """Return the decky of that name."""
    found = queries.decky_named(connection, name)
    if found is not None:
        return _stored(connection, [found])[0]
    return next((one for one in of_settings(deployment) if one.name == name), None)


def of_settings(deployment: Deployment) -> list[DeckyShown]:
    """Return the deckies of the settings, or of the default fleet; none where those cannot be played."""
    try:
        found = deckies_of_settings(deployment.settings.section("decoys", DecoysSettings))
    except DecoysError:  # `decoys` does not start, and says why
        return []
    return [
        DeckyShown(
            name=one.name, addresses=[DeckyPlace(address=one.address, prefix_length=None, gateway=None)],
            host_name=one.host_name or one.name, runtime="loopback", persona=one.persona, image=None,
            services=[_port(service, port) for service, port in one.services],
            mac=one.mac, interface=None, sensor=None, wanted=True, version=0, seed=one.seed, mutate_at=None, dhcp=False,
            from_settings=True, has_policy=False, actual=None, state="played by decoys",
        )
        for one in found
    ]  # fmt: skip


def _port(service: str, port: int) -> DeckyPort:
    return DeckyPort(service=service, port=port, transport=service_registry.load(service).transport, settings={})


def _stored(connection: Connection, found: Iterable[Decky]) -> list[DeckyShown]:
    deckies = list(found)
    names = [one.name for one in deckies]
    actual, policies = states.states_of(connection, names), mutation_policies.policies(connection, names)
    return [
        DeckyShown(
            **dict(DeckyWanted.model_validate(one)),
            from_settings=False,
            has_policy=one.name in policies,
            actual=_actual(actual.get(one.name)),
            state=state_words(one, actual.get(one.name)),
        )
        for one in deckies
    ]


def _actual(state: states.State | None) -> DeckyActual | None:
    if state is None:
        return None
    shown = DeckyActual.model_validate(state)
    shown.error = for_terminal(state.error, 2048) if state.error else None
    return shown


def _name(row: DeckyShown) -> str:
    return row.name
