# SPDX-License-Identifier: MIT
from __future__ import annotations

import pytest

from decnet.deckies.documents.document import DocumentError, read

NETWORK = '[network]\nruntime = "netns"\ninterface = "eth0"\nsubnets = ["10.20.0.0/24"]\ngateways = ["10.20.0.1"]\n\n'


def decky(**keys: object) -> str:
    lines = [f"{name} = {value!r}" for name, value in {"name": "web", "persona": "nas", **keys}.items()]
    return "\n".join(["[[decky]]", *lines, ""])


def test_a_decky_has_what_the_network_says_unless_it_says_something_else() -> None:
    first, second = read(NETWORK + decky(address="10.20.0.9") + decky(name="b", interface="eth1"), "f.toml")
    assert (first.runtime, first.interface, first.subnets) == ("netns", "eth0", ("10.20.0.0/24",))
    assert (second.runtime, second.interface, second.gateways) == ("netns", "eth1", ("10.20.0.1",))
    assert (first.place, second.place) == ("f.toml:7", "f.toml:11")


def test_a_count_makes_as_many_deckies_with_the_addresses_that_follow() -> None:
    made = read(decky(count=12, address="10.20.0.250/23", addresses=["fd00::1"]), "f.toml")
    assert [one.name for one in (made[0], made[-1])] == ["web-01", "web-12"]
    assert made[-1].addresses == ("10.20.1.5/23", "fd00::c")


def test_a_range_makes_a_decky_for_each_of_its_addresses() -> None:
    made = read(decky(address="10.20.0.50-10.20.0.52"), "f.toml")
    assert [one.addresses for one in made] == [("10.20.0.50",), ("10.20.0.51",), ("10.20.0.52",)]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a = [", "f.toml: "),
        ("colour = 1", "f.toml: there is no key `colour`; known are network, decky"),
        ("[network]\nruntime = 'moon'", "f.toml: network runtime 'moon': there are loopback, host, netns"),
        ("\n" + decky(port=1), "f.toml:2: decky 1 (web): there is no key `port`; known are name, persona, "),
        (
            decky() + decky(name="-x"),
            "f.toml:4: decky 2: name '-x': only letters, digits and hyphens, and no hyphen at",
        ),
        (
            decky() + "services = { ssh = 70000 }",
            "f.toml:1: decky 1 (web): services: a port is a number from 1 to 65535",
        ),
        (decky(adress="10.0.0.1"), "f.toml:1: decky 1 (web): there is no key `adress`; did you mean `address`?"),
        (decky(address=5), "f.toml:1: decky 1 (web): address 5: write text in quotes"),
        (decky(gateways="10.0.0.1"), "f.toml:1: decky 1 (web): gateways '10.0.0.1': write a list in brackets"),
        (decky(count="two"), "f.toml:1: decky 1 (web): count 'two': a number from 1 to 10000"),
        ("[[decky]]\npersona = 'nas'", "f.toml:1: decky 1: the key `name` is missing"),
        ("decky = 3", "f.toml: decky 3: write a list in brackets"),
        (decky(address="10.0.0.1-10.0.0.3", count=4), "f.toml:1: decky web: the range has 3 addresses for 4 deckies"),
        (decky(address="10.0.0.9-10.0.0.3"), "f.toml:1: decky web: 10.0.0.9-10.0.0.3 is no range"),
        (decky(address="10.0.0.x-10.0.0.3"), "f.toml:1: decky web: "),
        (decky(address="10.0.0.x", count=2), "f.toml:1: decky web: "),
        (decky(address="255.255.255.255", count=2), "f.toml:1: decky web: "),
        (decky(address="10.0.0.1", count=2, mac="52:54:00:00:00:01"), "2 deckies cannot have one MAC"),
        (decky(count=10_000) + decky(count=2), "f.toml: more than 10000 deckies"),
    ],
)
def test_a_wrong_document_is_refused_with_the_line_and_the_key(text: str, told: str) -> None:
    with pytest.raises(DocumentError) as error:
        read(text, "f.toml")
    assert told in str(error.value)


def test_deckies_that_are_written_inline_are_named_by_their_number() -> None:
    (one,) = read('decky = [{ name = "a", persona = "nas", address = "127.77.0.1" }]', "f.toml")
    assert one.place == "f.toml: decky[0]"
