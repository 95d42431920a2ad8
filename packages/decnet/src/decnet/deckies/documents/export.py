# SPDX-License-Identifier: MIT
"""The desired fleet as a document that `decnet deploy` reads, and that changes nothing when it does."""

import json
from collections.abc import Iterable, Iterator

from decnet.deckies.operations import as_wanted
from decnet_models.fleet.queries import Decky


def document(deckies: Iterable[Decky]) -> str:
    """Return the TOML document of the deckies that are wanted."""
    return "\n".join(line for one in deckies if one.wanted for line in (*_table(one), ""))


def _table(row: Decky) -> Iterator[str]:
    one = as_wanted(row)
    yield "[[decky]]"
    yield f"name = {_text(one.name)}"
    if row.host_name != row.name:
        yield f"host_name = {_text(row.host_name)}"
    if one.persona:
        yield f"persona = {_text(one.persona)}"
    if one.image:
        yield f"image = {_text(one.image)}"
    yield f"runtime = {_text(one.runtime)}"
    if one.sensor:
        yield f"sensor = {_text(one.sensor)}"
    if one.interface:
        yield f"interface = {_text(one.interface)}"
    for key, values in (("addresses", one.addresses), ("subnets", one.subnets), ("gateways", one.gateways)):
        if values:
            yield f"{key} = [{', '.join(map(_text, values))}]"
    yield "services = { " + ", ".join(f"{each.service} = {each.port}" for each in row.services) + " }"
    if one.mac:
        yield f"mac = {_text(one.mac)}"


def _text(value: str) -> str:
    """Return a TOML basic string; JSON's escapes are a part of TOML's."""
    return json.dumps(value)
