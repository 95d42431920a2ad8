# SPDX-License-Identifier: MIT
"""Where addresses come from, by the tables that `enrich` has: country and autonomous system."""

from collections.abc import Collection
from typing import Any

import msgspec
from sqlalchemy import Column, Connection, Select, and_, bindparam, literal_column, select

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


def with_details(query: Select[Any], address: Column[Any]) -> Select[Any]:
    """Return the query with a column more: the detail of each row's address, which `origin_in` reads, or NULL."""
    wanted = and_(intel.c.indicator == address, intel.c.provider == literal_column(f"'{_PROVIDER}'"))
    return query.add_columns(intel.c.detail).select_from(address.table.outerjoin(intel, wanted))


def origin_in(detail: str | None) -> Origin:
    """Return the origin that a detail says."""
    try:
        return NOWHERE if detail is None else _detail.decode(detail)
    except msgspec.MsgspecError:
        return NOWHERE


def details(connection: Connection, addresses: Collection[str]) -> dict[str, str]:
    """Return the details of those addresses that have one, which `origin_in` reads."""
    return dict(_DETAILS.rows(connection, addresses=list(addresses), provider=_PROVIDER))


def origins(connection: Connection, addresses: Collection[str]) -> dict[str, Origin]:
    """Return the origins of those addresses that have one."""
    found = {address: origin_in(detail) for address, detail in details(connection, addresses).items()}
    return {address: origin for address, origin in found.items() if origin is not NOWHERE}
