# SPDX-License-Identifier: MIT
"""What cannot be is refused, each with its reason; what can be becomes a row."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address, ip_interface
from itertools import count
from typing import Any

import msgspec
import pytest

from decnet.deckies.host_network import HostNetwork
from decnet.deckies.operations import as_wanted
from decnet.deckies.operations import changed as changed_wanted
from decnet.deckies.resolve import Known, Resolved, resolve
from decnet.deckies.wanted import Wanted
from decnet_core.deckies.images import Image, ImageService
from decnet_decoys.personas.catalog import files
from decnet_models.fleet.queries import Address, Decky, Service

HOST = HostNetwork(
    {
        "eth0": (ip_interface("10.20.0.2/24"), ip_interface("fd00::2/64")),
        "eth1": (),
        "lo": (ip_interface("127.0.0.1/8"),),
    },
    {ip_address("10.20.0.7"): "aa:bb:cc:00:00:07", ip_address("10.20.0.8"): "52:54:00:00:00:08"},
    frozenset({(ip_address("0.0.0.0"), 22), (ip_address("127.77.0.1"), 8080)}),  # as /proc/net/tcp has it
)
ON_LAN = Wanted("web", "debian-web", ("10.20.0.50",), "netns", "eth0")
HAD = Decky("had", (Address("10.20.0.8", 24),), "had", "netns", "nas", mac="52:54:00:00:00:08", version=3, seed=5)


def seeds() -> Iterator[int]:
    return count(1001)


def resolved(*wanted: Wanted, deckies: tuple[Decky, ...] = (), others: tuple[Decky, ...] = ()) -> Resolved:
    drawn = seeds()
    known = Known(files(), HOST, {one.name: one for one in deckies}, draw=lambda: next(drawn))
    return resolve(wanted, known, others=others)


def one(wanted: Wanted, **more: Any) -> Decky:
    made = resolved(wanted, **more)
    assert made.problems == ()
    return made.deckies[0]


def changed(**fields: Any) -> Wanted:
    return msgspec.structs.replace(ON_LAN, **fields)


def test_a_decky_on_the_lan_gets_real_ports_a_fitting_mac_and_the_network_of_the_interface() -> None:
    made = one(changed(gateways=("10.20.0.1",)))
    assert made.addresses == (Address("10.20.0.50", 24, "10.20.0.1"),)
    assert made.services == (Service("http", 80), Service("https", 443), Service("mysql", 3306), Service("ssh", 22))
    assert (made.seed, made.version, made.host_name, made.interface) == (1001, 0, "web", "eth0")
    assert made.mac is not None
    assert made.mac.startswith("52:54:00:")


def test_a_decky_on_loopback_gets_ports_without_privilege_and_no_mac() -> None:
    made = one(Wanted("web", "debian-web", ("127.77.0.9",)))
    assert [(one.service, one.port) for one in made.services] == [
        ("http", 8080),
        ("https", 8443),
        ("mysql", 3306),
        ("ssh", 2222),
    ]
    assert (made.addresses, made.mac, made.interface) == ((Address("127.77.0.9"),), None, None)


def test_several_addresses_are_kept_with_the_ipv4_ones_first() -> None:
    made = one(changed(addresses=("fd00::50", "10.20.0.50")))
    assert made.addresses == (Address("10.20.0.50", 24), Address("fd00::50", 64))


def test_a_leased_address_is_kept_on_the_interface_that_it_was_leased_on() -> None:
    wanted = changed(addresses=("dhcp",))
    assert (one(wanted).addresses, one(wanted).dhcp) == ((), True)
    had = msgspec.structs.replace(one(wanted), addresses=(Address("10.20.0.77", 24),), version=2)
    assert one(wanted, deckies=(had,)) == had
    assert one(msgspec.structs.replace(wanted, interface="eth1"), deckies=(had,)).addresses == ()
    assert not one(ON_LAN, deckies=(had,)).dhcp


def test_an_address_that_the_host_has_is_used_as_it_is_and_another_is_added() -> None:
    made = one(Wanted("web", "nas", ("10.20.0.2",), "host", services={"http": 80}))
    assert (made.addresses, made.interface) == ((Address("10.20.0.2"),), "eth0")
    made = one(Wanted("web", "nas", ("10.20.0.60",), "host", "eth0"))
    assert made.addresses == (Address("10.20.0.60", 24),)


def test_a_decky_keeps_its_seed_its_mac_and_an_address_for_which_it_answers_itself() -> None:
    made = one(Wanted("had", "debian-web", ("10.20.0.8",), "netns", "eth0"), deckies=(HAD,))
    assert (made.seed, made.mac, made.version) == (5, "52:54:00:00:00:08", 3)


def test_a_decky_that_becomes_another_machine_gets_a_mac_that_fits() -> None:
    made = one(Wanted("had", "ubuntu-db", ("10.20.0.8",), "netns", "eth0"), deckies=(HAD,))
    assert made.mac is not None
    assert made.mac.startswith("fa:16:3e:")


def test_an_interface_without_addresses_needs_subnets_or_a_prefix_length() -> None:
    assert one(changed(interface="eth1", subnets=("10.20.0.0/24",))).addresses == (Address("10.20.0.50", 24),)
    assert one(changed(interface="eth1", addresses=("10.9.0.5/16",))).addresses == (Address("10.9.0.5", 16),)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"runtime": "container"}, "the runtime container needs an image"),
        ({"persona": "moon"}, "there is no persona 'moon'; known are: "),
        ({"services": ("moon",)}, "there is no service 'moon'"),
        ({"services": {"ssh": 22, "http": 22}}, "http and ssh cannot both have port 22"),
        ({"addresses": ()}, "give it an address"),
        ({"addresses": ("dhcp", "fd00::5")}, "dhcp stands alone"),
        ({"addresses": ("dhcp",), "gateways": ("10.20.0.1",)}, "the DHCP server names network and router"),
        ({"addresses": ("dhcp",), "runtime": "host"}, "the runtime host has no leased addresses; choose netns"),
        ({"addresses": ("10.20.0.x",)}, "address 10.20.0.x: "),
        ({"addresses": ("10.20.1.5",)}, "address 10.20.1.5 is outside the network of eth0 (10.20.0.0/24)"),
        ({"addresses": ("10.20.1.5/16",)}, "address 10.20.1.5 is outside the network of eth0"),
        ({"addresses": ("10.20.0.0",)}, "is the network's or its broadcast address"),
        ({"addresses": ("10.20.0.255",)}, "is the network's or its broadcast address"),
        ({"addresses": ("224.0.0.1",)}, "is none that a host can have"),
        ({"addresses": ("127.0.0.5",)}, "choose the runtime loopback"),
        ({"addresses": ("10.20.0.2",)}, "address 10.20.0.2 is this host's own, on eth0"),
        ({"addresses": ("10.20.0.7",)}, "address 10.20.0.7 is in use: aa:bb:cc:00:00:07 answered"),
        ({"addresses": ("10.20.0.50", "10.20.0.50")}, "address 10.20.0.50 is one that it has twice"),
        ({"addresses": ("10.20.0.1",), "gateways": ("10.20.0.1",)}, "address 10.20.0.1 is the gateway's"),
        ({"gateways": ("10.9.0.1",)}, "gateway 10.9.0.1 is outside of"),
        ({"interface": None}, "the runtime netns needs an interface; there are: eth0, eth1, lo"),
        ({"interface": "moon0"}, "there is no interface moon0 on this host; there are: eth0"),
        ({"interface": "eth1"}, "eth1 has no IPv4 network here; name it with subnets"),
        ({"subnets": ("10.20.0.5/24",)}, "subnets: 10.20.0.5/24 has host bits set"),
        ({"mac": "01:00:5e:00:00:01"}, "is no MAC address of a host"),
        ({"mac": "moon"}, "is no MAC address of a host"),
        ({"host_name": "a b"}, "host name 'a b'"),
        ({"runtime": "host", "interface": None}, "this host has none of its addresses"),
        ({"runtime": "host", "addresses": ("10.20.0.2",)}, "another program of this host listens at 10.20.0.2 port 22"),
        ({"runtime": "host", "mac": "52:54:00:00:00:01"}, "a decky has the host's MAC; omit mac"),
        ({"runtime": "loopback"}, "the runtime loopback has neither interface nor gateway"),
        ({"runtime": "loopback", "interface": None}, "is not in 127.0.0.0/8"),
    ],
)
def test_what_cannot_be_is_refused_with_the_place_and_the_reason(fields: dict[str, Any], told: str) -> None:
    made = resolved(changed(place="fleet.toml:7", **fields))
    assert len(made.problems) == 1
    assert made.problems[0].startswith("fleet.toml:7: decky web: ")
    assert told in made.problems[0]


def test_a_taken_port_is_refused_unless_this_decky_took_it() -> None:
    wanted = Wanted("a", "debian-web", ("127.77.0.1",))
    assert "another program of this host listens at 127.77.0.1 port 8080" in resolved(wanted).problems[0]
    had = Decky("a", (Address("127.77.0.1"),), "a", "loopback", "debian-web", (Service("http", 8080),), version=1)
    assert resolved(wanted, deckies=(had,)).problems == ()


def test_every_problem_is_told_not_only_the_first() -> None:
    made = resolved(changed(persona="moon"), changed(name="b", interface="moon0"), changed(name="c"), changed(name="c"))
    assert len(made.problems) == 4
    assert "decky c: there is another decky of that name" in made.problems[2]


def test_an_address_or_mac_that_another_decky_has_is_refused() -> None:
    made = resolved(changed(addresses=("10.20.0.8",), mac="52:54:00:00:00:08"), deckies=(HAD,), others=(HAD,))
    assert [problem.partition(": ")[2] for problem in made.problems] == [
        "address 10.20.0.8 is one that decky had has",
        "MAC 52:54:00:00:00:08 is one that decky had has",
    ]


def test_two_new_deckies_never_draw_one_mac() -> None:
    """Three octets are drawn: of thousands of deckies two would often be alike, and the deploy refused."""
    drawn = iter((5, 5, 6))
    wanted = [changed(name=f"web-{number}", addresses=(f"10.20.0.{number}",)) for number in (51, 52)]
    made = resolve(wanted, Known(files(), HOST, draw=lambda: next(drawn)))
    assert made.problems == ()
    assert [each.seed for each in made.deckies] == [5, 6]
    taken = msgspec.structs.replace(HAD, mac=made.deckies[0].mac)
    drawn = iter((5, 8))
    again = resolve(wanted[:1], Known(files(), HOST, {"had": taken}, draw=lambda: next(drawn)), others=[taken])
    assert [each.seed for each in again.deckies] == [8]


def test_a_mac_that_is_asked_for_and_taken_is_refused() -> None:
    made = resolved(changed(mac=HAD.mac), deckies=(HAD,), others=(HAD,))
    assert [problem.partition(": ")[2] for problem in made.problems] == [f"MAC {HAD.mac} is one that decky had has"]


POT = Image(
    reference="docker.io/team/pot:1", summary="", persona="plc", format="plain",
    services={"modbus": ImageService(502, 5020), "snmp": ImageService(161, transport="udp")},
)  # fmt: skip


def contained(**fields: Any) -> Resolved:
    wanted = changed(**{"persona": None, "runtime": "container", "image": "pot", **fields})
    return resolve([wanted], Known(files(), HOST, images={"pot": POT}, draw=lambda: 7))


def test_an_image_has_its_own_services_and_a_persona_that_fits() -> None:
    made = contained().deckies[0]
    assert (made.persona, made.image, made.runtime, made.interface) == ("plc", "pot", "container", "eth0")
    assert made.services == (Service("modbus", 502), Service("snmp", 161, "udp"))
    assert made.addresses == (Address("10.20.0.50", 24),)
    assert made.mac is not None
    assert made.mac[:8] in files()["plc"].persona().mac_prefixes
    other = contained(persona="nas", image="team/pot:2", services={"modbus": 5002}).deckies[0]
    assert (other.persona, other.image, other.services) == ("nas", "team/pot:2", (Service("modbus", 5002),))
    assert as_wanted(other).image == "team/pot:2"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"image": None}, "needs an image"),
        ({"image": "pots"}, "no image 'pots' in the catalogue; there are: pot"),
        ({"services": ("ssh",)}, "offers no ssh; it offers modbus, snmp"),
        ({"runtime": "netns", "persona": "nas"}, "an image needs the runtime container"),
        ({"addresses": ("10.20.0.2",)}, "this host's own"),
        ({"runtime": "netns", "image": None}, "give it a persona"),
    ],
)
def test_what_cannot_be_in_a_container_is_refused(fields: dict[str, Any], words: str) -> None:
    (problem,) = contained(**fields).problems
    assert words in problem


def test_another_image_brings_its_services_and_its_persona() -> None:
    made = contained().deckies[0]
    given = frozenset({"image"})
    wanted = changed_wanted(made, msgspec.structs.replace(ON_LAN, image="other"), given)
    assert (wanted.image, wanted.persona, wanted.services, wanted.mac) == ("other", None, None, None)
