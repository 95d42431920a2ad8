# SPDX-License-Identifier: MIT
"""What a visitor sees of a decky: drawn from its seed, so it is in no column."""

import msgspec

from decnet.deckies.catalogues.personas import known_personas
from decnet.fleet.deployment import Deployment
from decnet_decoys.errors import DecoysError
from decnet_decoys.personas.siblings import Identity, drawn_serial, sibling
from decnet_models.fleet.queries import Decky


class Appearance(msgspec.Struct, frozen=True):
    """MAC, serial number, system, and the logins (USER/PASSWORD) that it accepts."""

    mac: str
    serial: str
    os: str
    logins: tuple[str, ...]


def appearance(deployment: Deployment, one: Decky) -> Appearance | None:
    """Return what is seen of a decky; None for a persona that is not known here."""
    try:
        written = known_personas(deployment)[one.persona].persona()
    except (KeyError, DecoysError):
        return None
    address = one.addresses[0].address if one.addresses else ""
    who = sibling(written, Identity(one.host_name, address, one.seed, one.mac))
    logins = tuple(f"{user.name}/{word}" for user in who.users for word in user.passwords)
    return Appearance(who.hardware.mac, drawn_serial(written, one.seed), who.os, logins)
