# SPDX-License-Identifier: MIT
"""What a function of SQL is."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from decnet_decoys.mysql.sql.values import Value

Made = Callable[[Sequence[Value]], Value]


class Function(NamedTuple):
    """How many arguments it takes, and what it makes of them; of NULL it makes NULL, if `strict`."""

    least: int
    most: int
    made: Made
    strict: bool = True
