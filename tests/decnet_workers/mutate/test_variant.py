# SPDX-License-Identifier: MIT
from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from decnet_models.fleet.conflicts import conflicts
from decnet_models.fleet.mutation_policies import Policy
from decnet_models.fleet.queries import Address, Decky, Service
from decnet_workers.mutate.variant import Character, Circumstances, UnchangeableError, character, variant

SSH, HTTP, FTP, SMTP = Service("ssh", 22), Service("http", 80), Service("ftp", 21), Service("smtp", 25)
ALL = (FTP, HTTP, SMTP, SSH)
WEB, SHOP, MAIL, NAS = (
    Character("Debian 12", {"ssh": {}, "http": {}, "ftp": {}}, family="debian"),
    Character("Debian 12", {"ssh": {}, "http": {}}, family="debian"),
    Character("Debian 12", {"smtp": {}}, ("00:50:56",), family="debian"),
    Character("NAS OS", {"http": {}, "ftp": {}, "smtp": {}}, ("00:11:32",), family="busybox", stack={"ttl": 255}),
)
KNOWN = Circumstances({"web": WEB, "shop": SHOP, "mail": MAIL, "nas": NAS})
ONE = Decky(
    "one", (Address("10.0.0.1", 24),), "one.example", "netns", "web", (HTTP, SSH), "52:54:00:aa:bb:cc", "eth0",
    version=4, seed=99, mutate_at=5,
)  # fmt: skip


def policy(*services: Service, personas: tuple[str, ...] = (), consistent: bool = True) -> Policy:
    return Policy("one", 3600, services=services, personas=personas, consistent=consistent)


def versions(policy: Policy, known: Circumstances = KNOWN, one: Decky = ONE) -> list[Decky]:
    """Return what the decky would be at each of many versions."""
    numbered = [msgspec.structs.replace(one, version=version) for version in range(200)]
    return [variant(each, policy, known) for each in numbered]


def offers(one: Decky) -> set[str]:
    return {each.service for each in one.services}


def test_what_a_returning_visitor_knows_stays() -> None:
    for made in versions(policy(*ALL, personas=("web", "shop"))):
        kept = msgspec.structs.replace(made, services=ONE.services, persona="web", version=4)
        assert kept == ONE


def test_every_change_shows() -> None:
    for made in versions(policy(*ALL, personas=("web", "shop"))):
        assert (made.persona, made.services) != (ONE.persona, ONE.services)


def test_a_service_that_stays_keeps_its_port_and_settings() -> None:
    moved = Service("http", 8081, settings={"title": "old"})
    one = msgspec.structs.replace(ONE, services=(moved, SSH))
    found = [each for made in versions(policy(*ALL), one=one) for each in made.services if each.service == "http"]
    assert found
    assert all(each == moved for each in found)


def test_services_that_the_policy_does_not_name_stay() -> None:
    made = versions(policy(FTP, HTTP))
    assert all(SSH in one.services for one in made)
    assert {frozenset(offers(one)) for one in made} == {
        frozenset({"ssh"}), frozenset({"ssh", "ftp"}), frozenset({"ssh", "ftp", "http"}),
    }  # fmt: skip


def test_only_services_that_the_persona_describes_come() -> None:
    for made in versions(policy(*ALL, personas=("web", "shop", "nas"), consistent=False)):
        assert offers(made) <= KNOWN.personas[made.persona].services.keys()


def test_without_services_to_choose_from_a_persona_must_have_those_there_are() -> None:
    assert {one.persona for one in versions(policy(personas=("web", "shop", "nas"), consistent=False))} == {"shop"}


def test_the_operating_system_stays_unless_the_policy_says_otherwise() -> None:
    every = ("web", "shop", "mail", "nas")
    assert {one.persona for one in versions(policy(*ALL, personas=every))} == {"web", "shop"}
    assert {one.persona for one in versions(policy(*ALL, personas=every, consistent=False))} == set(every)


def test_after_a_log_in_the_persona_stays() -> None:
    entered = msgspec.structs.replace(KNOWN, entered=True)
    assert {one.persona for one in versions(policy(*ALL, personas=("shop",)), entered)} == {"web"}
    chosen = policy(*ALL, personas=("shop",), consistent=False)
    assert {one.persona for one in versions(chosen, entered)} == {"shop"}


def test_a_mac_changes_only_with_its_vendor() -> None:
    made = versions(policy(*ALL, personas=("web", "shop", "nas"), consistent=False))
    assert {one.mac for one in made if one.persona != "nas"} == {ONE.mac}
    drawn = [one.mac for one in made if one.persona == "nas"]
    assert all(mac is not None and mac.startswith("00:11:32:") for mac in drawn)
    assert len(set(drawn)) == len(drawn)


def test_a_mac_is_drawn_until_it_is_nobodys() -> None:
    first = versions(policy(*ALL, personas=("nas",), consistent=False))
    taken = msgspec.structs.replace(KNOWN, is_taken={one.mac for one in first}.__contains__)
    again = versions(policy(*ALL, personas=("nas",), consistent=False), taken)
    assert not {one.mac for one in first} & {one.mac for one in again}


def test_a_mac_that_the_operator_chose_stays() -> None:
    chosen = msgspec.structs.replace(ONE, mac="00:00:5e:00:00:01")
    made = versions(policy(*ALL, personas=("nas", "mail"), consistent=False), one=chosen)
    assert {one.mac for one in made} == {chosen.mac}


def test_a_decky_without_a_mac_gets_none() -> None:
    bare = msgspec.structs.replace(ONE, mac=None)
    assert {one.mac for one in versions(policy(*ALL, personas=("nas",), consistent=False), one=bare)} == {None}


@pytest.mark.parametrize(
    ("rules", "known", "reason"),
    [
        (policy(), KNOWN, "nothing else"),
        (policy(SMTP), KNOWN, "nothing else"),  # which the persona does not describe
        (policy(HTTP, personas=("gone",)), Circumstances({}), "no persona web"),
        (policy(personas=("gone",)), KNOWN, "nothing else"),
        (policy(Service("ftp", 22)), KNOWN, "nothing else"),  # where ssh is
    ],
)
def test_a_decky_that_can_become_nothing_else_says_so(rules: Policy, known: Circumstances, reason: str) -> None:
    with pytest.raises(UnchangeableError, match=reason):
        variant(ONE, rules, known)


def test_the_last_service_does_not_go() -> None:
    alone = msgspec.structs.replace(ONE, services=(HTTP,))
    with pytest.raises(UnchangeableError):
        variant(alone, policy(HTTP), KNOWN)
    assert {frozenset(offers(one)) for one in versions(policy(HTTP, FTP), one=alone)} == {
        frozenset({"ftp"}), frozenset({"ftp", "http"}),
    }  # fmt: skip


@pytest.mark.parametrize("body", [{}, {"os": 1}, {"os": "x", "services": []}])
def test_a_row_that_is_no_persona_says_why(body: dict[str, Any]) -> None:
    with pytest.raises(UnchangeableError):
        character(body)


ports = st.sampled_from([21, 22, 25, 80])
services = st.lists(
    st.builds(Service, st.sampled_from(["ssh", "http", "ftp", "smtp"]), ports),
    max_size=4,
    unique_by=lambda each: each.service,
).map(tuple)
rules = st.builds(
    Policy,
    st.just("one"),
    st.just(3600),
    services=services,
    personas=st.lists(st.sampled_from([*KNOWN.personas, "gone"]), unique=True, max_size=4).map(tuple),
    consistent=st.booleans(),
)


@given(services, st.lists(rules, min_size=1, max_size=8), st.integers(0, 2**53 - 1), st.booleans())
def test_no_sequence_of_policies_makes_a_decky_that_cannot_be(
    running: tuple[Service, ...], sequence: list[Policy], seed: int, entered: bool
) -> None:
    one = msgspec.structs.replace(ONE, services=running, seed=seed)
    assume(not list(conflicts([one])))
    known = msgspec.structs.replace(KNOWN, entered=entered)
    for each in sequence:
        try:
            made = variant(one, each, known)
        except UnchangeableError:
            continue
        assert made.services
        assert list(conflicts([made])) == []
        assert (made.persona, made.services) != (one.persona, one.services)
        assert (made.name, made.addresses, made.host_name) == (one.name, one.addresses, one.host_name)
        assert variant(one, each, known) == made
        one = msgspec.structs.replace(made, version=one.version + 1)
