# SPDX-License-Identifier: MIT
"""Where addresses come from, by the tables that `enrich` has: country and autonomous system."""

from collections.abc import Collection
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, bindparam, select

from decnet_models.database.rows.row_select import RowSelect, listed
from decnet_models.intel.tables import intel

_PROVIDER = "mmdb"


class Origin(msgspec.Struct, frozen=True):
    """Country (ISO 3166, two letters) and autonomous system of an address; None: not known."""

    country: str | None = None
    asn: int | None = None
    organisation: str | None = None


def _details(connection: Connection) -> Select[Any]:
    c = intel.c
    wanted = (listed(connection, c.indicator, "addresses"), c.provider == bindparam("provider"))
    return select(c.indicator, c.detail).where(*wanted)


_DETAILS = RowSelect(_details)
_detail = msgspec.json.Decoder(Origin)

NOWHERE = Origin()


def origins(connection: Connection, addresses: Collection[str]) -> dict[str, Origin]:
    """Return the origins of those addresses that have one."""
    found: dict[str, Origin] = {}
    for address, detail in _DETAILS.rows(connection, addresses=list(addresses), provider=_PROVIDER):
        try:
            found[address] = _detail.decode(detail)
        except msgspec.MsgspecError:
            continue
    return found
