# SPDX-License-Identifier: MIT
"""The decky that an order means, or why it cannot be. Pure."""

import ipaddress
from typing import Any

import msgspec

from decnet_core.deckies.orders import Order, OrderedAddress
from decnet_core.errors import CoreError
from decnet_core.placement.desired import DesiredDecky, Interface, Service, Stack


class BadOrder(CoreError, ValueError):
    """A decky cannot be what is ordered; the message says why."""


def desired(order: Order, persona: dict[str, Any] | None) -> DesiredDecky:
    """Return the decky, given what its persona's document says; raises BadOrder."""
    if order.wanted and not order.addresses:
        raise BadOrder("it waits for an address from a DHCP server" if order.dhcp else "it has no address")
    if order.wanted and order.runtime == "container" and not order.image:
        raise BadOrder("it has no image to run: decnet image list shows some")
    try:
        stack = msgspec.convert(persona.get("stack", {}), Stack) if persona is not None and order.wanted else Stack()
        addresses = tuple(_interface(one, order.runtime) for one in order.addresses)
        gateways = {ipaddress.ip_address(one.gateway) for one in order.addresses if one.gateway}
    except (ValueError, msgspec.MsgspecError) as error:
        raise BadOrder(str(error)) from error
    return DesiredDecky(
        name=order.name,
        host_name=order.host_name,
        runtime=order.runtime,
        addresses=addresses,
        existing=frozenset(
            one.ip for one, each in zip(addresses, order.addresses, strict=True) if not each.prefix_length
        ),
        persona=order.persona,
        services=tuple(Service(one.service, one.port, one.transport, one.settings) for one in order.services),
        version=order.version,
        wanted=order.wanted,
        interface=order.interface,
        gateways=tuple(sorted(gateways, key=str)),
        mac=order.mac,
        seed=order.seed,
        stack=stack,
        persona_document=persona or None,
        image=order.image,
    )


def placeholder(order: Order) -> DesiredDecky:
    """Return a decky that stands for a bad order, so that nothing of it is taken for an orphan."""
    return DesiredDecky(
        name=order.name,
        host_name=order.host_name,
        runtime=order.runtime,
        addresses=(),
        persona=order.persona,
        services=(),
        version=order.version,
        wanted=order.wanted,
    )


def marks(order: Order) -> set[str]:
    """Return what runtimes call the parts of this decky, which a bad order must not make orphans."""
    return {order.name, *(f"{one.address}/{one.prefix_length}" for one in order.addresses)}


def _interface(address: OrderedAddress, runtime: str) -> Interface:
    if address.prefix_length is None and runtime in ("netns", "container"):
        raise BadOrder(
            f"address {address.address} has no prefix length: {runtime} needs it, for the network that it is in"
        )
    return ipaddress.ip_interface(
        (address.address, address.prefix_length or ipaddress.ip_address(address.address).max_prefixlen)
    )
