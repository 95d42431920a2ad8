# SPDX-License-Identifier: MIT
"""Where addresses come from, by the tables that `enrich` has: country and autonomous system."""

from collections.abc import Collection

import msgspec
from sqlalchemy import Connection, select

from decnet_models.database.statements import among
from decnet_models.intel.tables import intel

_PROVIDER = "mmdb"


class Origin(msgspec.Struct, frozen=True):
    """Country (ISO 3166, two letters) and autonomous system of an address; None: not known."""

    country: str | None = None
    asn: int | None = None
    organisation: str | None = None


_detail = msgspec.json.Decoder(Origin)

NOWHERE = Origin()


def origins(connection: Connection, addresses: Collection[str]) -> dict[str, Origin]:
    """Return the origins of those addresses that have one."""
    c = intel.c
    query = select(c.indicator, c.detail).where(among(connection, c.indicator, addresses), c.provider == _PROVIDER)
    found: dict[str, Origin] = {}
    for address, detail in connection.execute(query).all():
        try:
            found[address] = _detail.decode(detail)
        except msgspec.MsgspecError:
            continue
    return found
