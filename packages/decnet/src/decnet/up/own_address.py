# SPDX-License-Identifier: MIT
"""`decnet up --address`: the default decky on an address of this host instead of the loopback."""

import os

from decnet.cli.errors import OperatorError, WrongUsageError
from decnet_core.net.sockets import BindError, listening
from decnet_core.settings import Settings
from decnet_decoys.fleet import FleetError, deckies
from decnet_decoys.settings import DecoysSettings


def choose(address: str | None, port_offset: int) -> None:
    """Have this process and the workers that it starts put the default decky there; raises WrongUsageError."""
    if address is None:
        if port_offset:
            raise WrongUsageError("--port-offset is for the ports at --address; name one")
        return
    os.environ["DECNET_DECOYS_ADDRESS"] = address
    os.environ["DECNET_DECOYS_PORT_OFFSET"] = str(port_offset)


def check(settings: Settings) -> None:
    """Refuse an address at which a port cannot be opened; raises OperatorError, SettingsError."""
    section = settings.section("decoys", DecoysSettings)
    if not section.address:
        return
    try:
        fleet = deckies(section)
    except FleetError as error:
        raise OperatorError(f"[decoys] {error}") from error
    for decky in fleet:
        for service, port in decky.services:
            try:
                listening(decky.address, port).close()
            except BindError as error:
                raise OperatorError(
                    f"{service} at port {port} of {decky.address}: {error}; --port-offset 8000 has ports from 8022"
                ) from error
