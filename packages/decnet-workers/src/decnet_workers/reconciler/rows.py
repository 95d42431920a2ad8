# SPDX-License-Identifier: MIT
"""Desired deckies from the rows of the database. Pure."""

import ipaddress

import msgspec

from decnet_models.fleet.queries import Address, Decky
from decnet_models.realism.queries import Persona
from decnet_workers.errors import WorkersError
from decnet_workers.reconciler.desired import DesiredDecky, Interface, Service, Stack


class BadRow(WorkersError, ValueError):
    """A decky cannot be what its row says; the message says why."""


def desired(row: Decky, persona: Persona | None) -> DesiredDecky:
    """Return the decky; raises BadRow."""
    if row.wanted and not row.addresses:
        raise BadRow("it waits for an address from a DHCP server" if row.dhcp else "it has no address")
    if row.wanted and row.runtime == "container" and not row.image:
        raise BadRow("it has no image to run: decnet image list shows some")
    try:
        stack = msgspec.convert(persona.body.get("stack", {}), Stack) if persona and row.wanted else Stack()
        addresses = tuple(_interface(one, row.runtime) for one in row.addresses)
        gateways = {ipaddress.ip_address(one.gateway) for one in row.addresses if one.gateway}
    except (ValueError, msgspec.MsgspecError) as error:
        raise BadRow(str(error)) from error
    return DesiredDecky(
        name=row.name,
        host_name=row.host_name,
        runtime=row.runtime,
        addresses=addresses,
        existing=frozenset(
            one.ip for one, each in zip(addresses, row.addresses, strict=True) if not each.prefix_length
        ),
        persona=row.persona,
        services=tuple(Service(one.service, one.port, one.transport, one.settings) for one in row.services),
        version=row.version,
        wanted=row.wanted,
        interface=row.interface,
        gateways=tuple(sorted(gateways, key=str)),
        mac=row.mac,
        seed=row.seed,
        stack=stack,
        persona_document=persona.body or None if persona else None,
        image=row.image,
    )


def placeholder(row: Decky) -> DesiredDecky:
    """Return a decky that stands for a bad row, so that nothing of it is taken for an orphan."""
    return DesiredDecky(
        name=row.name,
        host_name=row.host_name,
        runtime=row.runtime,
        addresses=(),
        persona=row.persona,
        services=(),
        version=row.version,
        wanted=row.wanted,
    )


def _interface(address: Address, runtime: str) -> Interface:
    if address.prefix_length is None and runtime in ("netns", "container"):
        raise BadRow(
            f"address {address.address} has no prefix length: {runtime} needs it, for the network that it is in"
        )
    return ipaddress.ip_interface(
        (address.address, address.prefix_length or ipaddress.ip_address(address.address).max_prefixlen)
    )
