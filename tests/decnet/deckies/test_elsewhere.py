# SPDX-License-Identifier: MIT
"""Deckies of sensors: of their hosts nothing is known here, so the order says all; who may have none is refused."""

from __future__ import annotations

import msgspec
import pytest

from decnet.deckies.documents import document, export
from decnet.deckies.host_network import HostNetwork
from decnet.deckies.resolve import Known, Resolved, resolve
from decnet.deckies.wanted import Wanted
from decnet_core.deckies.orders import Contact
from decnet_decoys.personas.catalog import files
from decnet_models.fleet.queries import Address

SENSORS = {"berlin-1": Contact("berlin-1", 1), "paris-2": Contact("paris-2", 1, revoked=True)}
ON_LAN = Wanted("web", "debian-web", ("10.9.0.50/24",), "netns", "eth0", gateways=("10.9.0.1",), sensor="berlin-1")


def resolved(wanted: Wanted) -> Resolved:
    return resolve([wanted], Known(files(), HostNetwork({}), sensors=SENSORS))


@pytest.mark.parametrize(
    ("fields", "addresses"),
    [
        ({}, (Address("10.9.0.50", 24, "10.9.0.1"),)),
        ({"addresses": ("10.9.0.50",), "subnets": ("10.9.0.0/16",)}, (Address("10.9.0.50", 16, "10.9.0.1"),)),
        ({"addresses": ("127.77.0.20",), "runtime": "loopback", "interface": None, "gateways": ()}, None),
        ({"addresses": ("10.9.0.50",), "runtime": "host", "interface": None}, (Address("10.9.0.50"),)),
        ({"addresses": ("fd00::9/64", "10.9.0.50/24")}, (Address("10.9.0.50", 24, "10.9.0.1"), Address("fd00::9", 64))),
    ],
)
def test_order_says_what_is_looked_up_for_a_decky_of_this_host(
    fields: dict[str, object], addresses: tuple[Address, ...] | None
) -> None:
    found = resolved(msgspec.structs.replace(ON_LAN, **fields))
    assert found.problems == ()
    assert found.deckies[0].sensor == "berlin-1"
    assert found.deckies[0].addresses == (addresses or (Address("127.77.0.20"),))


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"sensor": "rome"}, "there is no sensor 'rome'; enrolled are: berlin-1, paris-2"),
        ({"sensor": "paris-2"}, "the sensor paris-2 was revoked"),
        ({"addresses": ("dhcp",)}, "leases are asked for on this host only"),
        ({"addresses": ("10.9.0.50",)}, "write 10.9.0.50/PREFIX, or name its network with subnets"),
        ({"interface": None}, "name the interface of berlin-1"),
        ({"addresses": ()}, "give it an address"),
        ({"addresses": ("127.0.0.5/8",)}, "is a loopback one"),
        ({"gateways": ("nonsense",)}, "gateways: 'nonsense'"),
        ({"runtime": "loopback", "interface": None, "gateways": ()}, "is not in 127.0.0.0/8"),
    ],
)
def test_what_cannot_be_is_refused(fields: dict[str, object], reason: str) -> None:
    found = resolved(msgspec.structs.replace(ON_LAN, **fields))
    assert found.deckies == ()
    assert reason in found.problems[0]


def test_document_of_a_sensors_deckies_says_the_same_again() -> None:
    made = resolved(ON_LAN).deckies
    text = export.document(made)
    assert 'sensor = "berlin-1"' in text
    wanted = document.read(text, "fleet.toml")
    assert resolved(wanted[0]).deckies[0].addresses == made[0].addresses
    shared = document.read('[network]\nsensor = "berlin-1"\n[[decky]]\nname = "a"\naddress = "127.77.0.9"\n', "x")
    assert [one.sensor for one in shared] == ["berlin-1"]
