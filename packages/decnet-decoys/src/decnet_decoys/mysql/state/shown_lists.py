# SPDX-License-Identifier: MIT
"""What MariaDB 10.11 shows of itself."""

from functools import cache
from importlib.resources import files

import msgspec

from decnet_decoys.mysql.packets import Column


class ShownList(msgspec.Struct):
    """What a SHOW statement finds: columns, and rows where they are the same on each machine."""

    status: int
    columns: list[Column]
    rows: list[list[str | None]]


@cache
def shown_lists() -> dict[str, ShownList]:
    """Return the lists, by what follows SHOW."""
    data = files("decnet_decoys.mysql").joinpath("shown_lists.json").read_bytes()
    return msgspec.json.decode(data, type=dict[str, ShownList])
