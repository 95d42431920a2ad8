# SPDX-License-Identifier: MIT
from __future__ import annotations

import subprocess

import pytest

from decnet_decoys.fleet import DEFAULT_FLEET, FleetError, deckies
from decnet_decoys.settings import DeckySettings, DecoysSettings


def fleet_of(*entries: DeckySettings) -> DecoysSettings:
    return DecoysSettings(decky=entries)


def test_without_settings_there_are_three_distinct_deckies() -> None:
    fleet = deckies(DecoysSettings())
    assert [decky.address for decky in fleet] == ["127.77.0.10", "127.77.0.11", "127.77.0.12"]
    assert len({decky.persona for decky in fleet}) == 3
    assert all(decky.port("ssh") == 2222 and decky.port("http") == 8080 for decky in fleet)
    assert all(decky.login is not None for decky in fleet)


@pytest.mark.parametrize("offset", [0, 8000])
def test_default_decky_may_be_on_an_address_of_this_host(offset: int) -> None:
    (decky,) = deckies(DecoysSettings(address="192.0.2.10", port_offset=offset))
    assert (decky.name, decky.address) == (DEFAULT_FLEET[0].name, "192.0.2.10")
    assert [decky.port(service) for service in ("ssh", "http")] == [22 + offset, 80 + offset]


@pytest.mark.parametrize("address", ["0.0.0.0", "ff02::1", "here"])
def test_what_is_no_address_of_one_host_is_refused(address: str) -> None:
    with pytest.raises(FleetError):
        deckies(DecoysSettings(address=address))


def test_address_beside_deckies_is_refused() -> None:
    with pytest.raises(FleetError, match="address is for the default decky"):
        deckies(DecoysSettings(address="192.0.2.10", decky=DEFAULT_FLEET))


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (
            DeckySettings(name="a", address="127.77.0.1", persona="win95"),
            "there is no persona 'win95'; known are: build-server, debian-web, ",
        ),
        (DeckySettings(name="a", address="10.0.0.1", persona="nas"), "not in 127.0.0.0/8"),
        (DeckySettings(name="a", address="here", persona="nas"), "does not appear to be"),
        (DeckySettings(name="a", address="127.0.0.1", persona="nas", services={"gopher": 70}), "no service 'gopher'"),
        (DEFAULT_FLEET[0], "two deckies have the same name: web-01"),
    ],
)
def test_a_wrong_fleet_is_refused_with_its_reason(entry: DeckySettings, message: str) -> None:
    with pytest.raises(FleetError, match=message):
        deckies(fleet_of(DEFAULT_FLEET[0], entry))


def test_deckies_of_one_persona_in_the_settings_are_no_twins() -> None:
    entries = [DeckySettings(name=f"web-{n}", address=f"127.77.0.{n}", persona="debian-web") for n in range(1, 4)]
    fleet = deckies(fleet_of(*entries))
    assert len({one.seed for one in fleet}) == len({one.login for one in fleet}) == 3
    assert deckies(fleet_of(*entries)) == fleet


def test_the_fleet_is_known_without_loading_a_service(python: str) -> None:
    code = (
        "import sys; from decnet_decoys.fleet import deckies; from decnet_decoys.settings import DecoysSettings\n"
        "deckies(DecoysSettings()); import decnet_decoys.worker\n"
        "assert not {'asyncssh', 'cryptography'} & set(sys.modules), 'a service was loaded'"
    )
    subprocess.run([python, "-c", code], check=True, timeout=100)
