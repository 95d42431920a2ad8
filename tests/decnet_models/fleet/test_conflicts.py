# SPDX-License-Identifier: MIT
from __future__ import annotations

import msgspec
import pytest

from decnet_models.fleet.conflicts import Conflict, conflicts
from decnet_models.fleet.queries import Address, Decky, Service

SSH, HTTP = Service("ssh", 22), Service("http", 80)
WEB = Decky("web", (Address("10.0.0.1", 24), Address("fd00::1", 64)), "web", "netns", "debian", (SSH, HTTP), "02:0:0:0")
MAIL = msgspec.structs.replace(WEB, name="mail", addresses=(Address("10.0.0.2", 24),), mac="02:0:0:1")


def test_deckies_that_differ_where_they_must_are_in_no_conflict() -> None:
    dns = msgspec.structs.replace(MAIL, services=(Service("dns", 53), Service("dnsudp", 53, "udp")))
    assert list(conflicts([WEB, dns])) == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"addresses": (Address("fd00::1", 128),)}, "address fd00::1 is one that decky web has"),
        ({"mac": WEB.mac}, "MAC 02:0:0:0 is one that decky web has"),
        ({"addresses": (Address("10.0.0.2"), Address("10.0.0.2"))}, "address 10.0.0.2 is one that it has twice"),
        ({"services": (SSH, Service("telnet", 22))}, "ssh and telnet cannot both have port 22"),
        ({"services": (SSH, Service("ssh", 23))}, "it offers ssh twice"),
    ],
)
def test_what_cannot_be_is_said_of_the_later_decky(changes: dict[str, object], reason: str) -> None:
    assert list(conflicts([WEB, msgspec.structs.replace(MAIL, **changes)])) == [Conflict("mail", reason)]
