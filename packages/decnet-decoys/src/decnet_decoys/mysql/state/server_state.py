# SPDX-License-Identifier: MIT
"""What MariaDB 10.11 of Debian 12 tells of itself when it has just been installed: variables, counters, InnoDB."""

from base64 import b64encode
from functools import cache
from hashlib import sha1
from importlib.resources import files

import msgspec

from decnet_decoys.mysql.catalogue import SWITCHES, Catalogue


class ServerState(msgspec.Struct):
    """As read off a real server; what differs by machine is empty, or as the package's configuration has it."""

    variables: dict[str, str]
    switches: frozenset[str]
    """Those of the variables that are ON or OFF, which a SELECT finds as 1 or 0."""
    status: dict[str, str]
    innodb: str
    """The text of SHOW ENGINE INNODB STATUS; `{now}` stands for its moment."""


@cache
def server_state() -> ServerState:
    return msgspec.json.decode(
        files("decnet_decoys.mysql.state").joinpath("server_state.json").read_bytes(), type=ServerState
    )


def shown_variables(catalogue: Catalogue, settings: dict[str, str]) -> dict[str, str]:
    """Return all variables as SHOW tells them, in their order; `settings` are those of the session."""
    known = catalogue.variables | settings
    shown = {
        name: {"0": "OFF", "1": "ON"}.get(value, value) if name in SWITCHES else value for name, value in known.items()
    }
    if catalogue.profile.flavour == "mariadb":
        shown = server_state().variables | {"server_uid": _uid(catalogue)} | shown
    return dict(sorted(shown.items()))


def variable_of_server(catalogue: Catalogue, name: str) -> str | None:
    """Return a variable that no visitor can change, as a SELECT finds it; None if there is none."""
    if catalogue.profile.flavour != "mariadb":
        return None
    if name == "server_uid":
        return _uid(catalogue)
    value = server_state().variables.get(name)
    return str(int(value == "ON")) if name in server_state().switches else value


def _uid(catalogue: Catalogue) -> str:
    """Return what MariaDB makes of a machine's address and the port: a SHA-1 in Base64, which tells machines apart."""
    return b64encode(sha1(catalogue.variables["hostname"].encode(), usedforsecurity=False).digest()).decode()
