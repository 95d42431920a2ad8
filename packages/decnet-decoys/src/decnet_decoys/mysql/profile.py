# SPDX-License-Identifier: MIT
"""A persona's profile of its database server."""

from typing import Literal

import msgspec

from decnet_decoys.personas.schema import Part


class Table(Part, frozen=True, kw_only=True):
    """A table that visitors find."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...] = ()


class MysqlProfile(Part, frozen=True, kw_only=True):
    """The server a decky claims to run."""

    flavour: Literal["mariadb", "mysql"] = "mariadb"
    version: str = "10.11.6-MariaDB-0+deb12u1"
    comment: str = "Debian 12"
    accounts: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    """Passwords that open an account; "" is none."""
    databases: dict[str, dict[str, Table]] = msgspec.field(default_factory=dict)

    @property
    def plugin(self) -> str:
        """How accounts prove who they are by default."""
        return "caching_sha2_password" if self.flavour == "mysql" else "mysql_native_password"
