# SPDX-License-Identifier: MIT
from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import Connection, Engine

from decnet_models.database.engine import writing
from decnet_models.database.window import Window
from decnet_models.ttp.correlation_windows import delete_windows, save_windows, windows
from decnet_models.ttp.queries import (
    Tag,
    TagRow,
    TechniqueSeen,
    TechniqueUsed,
    add_tags,
    forget,
    prepared,
    tagged_events,
    tags,
    tags_of_session,
    technique_sequences,
    techniques_in,
    techniques_of,
)
from decnet_models.ttp.rule_states import RuleState, rule_states, set_rule_state

RULE = UUID(int=7)


def tag(number: int, **fields: object) -> Tag:
    known = {
        "id": UUID(int=number),
        "rule_id": RULE,
        "technique": "T1105",
        "title": "Fetched",
        "level": "high",
        "attacker": "192.0.2.1",
        "event_id": UUID(int=1000 + number),
        "seq": number,
        "ts": number * 10,
    }
    return Tag(**{**known, **fields})  # type: ignore[arg-type]  # the fields of the tests are right


def test_a_tag_is_written_once(engine: Engine) -> None:
    with writing(engine) as connection:
        add_tags(connection, [tag(1), tag(2)])
        add_tags(connection, [tag(2, title="another"), tag(3)])
        add_tags(connection, [])
        assert [one.seq for one in tags(connection)] == [3, 2, 1]
        assert tags(connection)[1] == tag(2)


def test_rows_with_the_digits_of_ids_are_what_tags_with_ids_are(engine: Engine) -> None:
    whole = [tag(1), tag(2, session="s", decky="web-1")]
    rows: list[TagRow] = [
        (
            *(one.seq, one.rule_id.hex, one.technique, one.id.hex, one.title, one.level),
            *(one.attacker, one.event_id.hex, one.ts, one.session, one.decky),
        )
        for one in whole
    ]
    with writing(engine) as connection:
        prepared(connection, rows)(connection)
        add_tags(connection, whole)
        assert tags(connection) == whole[::-1]


def test_tags_are_paged_through_though_many_are_of_one_event(engine: Engine) -> None:
    with writing(engine) as connection:
        add_tags(connection, [tag(n, seq=n // 3, technique=f"T{n}") for n in range(10)])
        seen: list[Tag] = []
        while page := tags(connection, limit=2, before=seen[-1] if seen else None):
            seen += page
        assert sorted(one.id.int for one in seen) == list(range(10))
        assert [one.seq for one in seen] == sorted((one.seq for one in seen), reverse=True)


def test_techniques_of_one_attacker_are_summed_up(engine: Engine) -> None:
    with writing(engine) as connection:
        add_tags(
            connection,
            [
                tag(5),
                tag(2, title="Dropped"),
                tag(3),
                tag(4, technique="T1033", title="Who"),
                tag(1, attacker="2001:db8::1", technique="T1033", title="Who"),
            ],
        )
        assert techniques_of(connection, "192.0.2.1") == [
            TechniqueSeen("T1105", 3, 20, 50, ("Dropped", "Fetched")),
            TechniqueSeen("T1033", 1, 40, 40, ("Who",)),
        ]
        assert [one.seq for one in tags(connection, "2001:db8::1")] == [1]
        assert techniques_of(connection, "192.0.2.9") == []


def test_techniques_of_all_time_are_those_of_a_span_with_all_in_it(engine: Engine) -> None:
    with writing(engine) as connection:
        others = [tag(n, attacker=f"192.0.2.{n % 2}", technique="T1033") for n in range(4, 8)]
        add_tags(connection, [tag(1), tag(2), *others])
        ever = [TechniqueUsed("T1033", 4, 2, 40, 70), TechniqueUsed("T1105", 2, 1, 10, 20)]
        assert techniques_in(connection, Window()) == techniques_in(connection, Window(1, 100)) == ever
        assert techniques_in(connection, Window(), ["T1105", "T9999"]) == ever[1:]
        assert techniques_in(connection, Window(15, 45)) == [
            TechniqueUsed("T1033", 1, 1, 40, 40),
            TechniqueUsed("T1105", 1, 1, 20, 20),
        ]


def test_forgotten_attackers_are_not_counted_any_more(engine: Engine) -> None:
    with writing(engine) as connection:
        add_tags(connection, [tag(1), tag(2, attacker="192.0.2.2"), tag(3, attacker="192.0.2.2")])
        assert techniques_in(connection, Window()) == [TechniqueUsed("T1105", 3, 2, 10, 30)]
        forget(connection, ["192.0.2.2"])
        assert techniques_in(connection, Window()) == [TechniqueUsed("T1105", 1, 1, 10, 10)]


def test_events_that_a_rule_tagged_are_counted_once_each(engine: Engine) -> None:
    with writing(engine) as connection:
        event = UUID(int=1)
        two = [tag(n, event_id=event, ts=10, technique=f"T110{n}") for n in (1, 2)]
        add_tags(connection, [*two, tag(3, ts=20), tag(4, ts=30)])
        assert tagged_events(connection, RULE, "192.0.2.1", 10, 30) == 2
        assert tagged_events(connection, RULE, "192.0.2.2", 10, 30) == 0


def test_rule_states_come_and_go(engine: Engine) -> None:
    with writing(engine) as connection:
        for state in (RuleState(RULE, "disabled", reason="x\0"), RuleState(RULE, "capped", 3, 500, "why")):
            set_rule_state(connection, state, now_ns=1)
        assert rule_states(connection) == {RULE: RuleState(RULE, "capped", 3, 500, "why")}
        assert rule_states(connection)[RULE].at(499) == "capped"
        assert rule_states(connection)[RULE].at(500) == "enabled"
        set_rule_state(connection, RuleState(RULE, "enabled"), now_ns=1)
        assert rule_states(connection) == {}


@pytest.mark.parametrize(
    "state", [RuleState(RULE, "capped"), RuleState(RULE, "capped", 0), RuleState(RULE, "disabled", 3)]
)
def test_a_senseless_cap_is_refused(sqlite_engine: Engine, state: RuleState) -> None:
    with writing(sqlite_engine) as connection, pytest.raises(ValueError, match="cap"):
        set_rule_state(connection, state, now_ns=1)


def test_windows_are_kept_changed_emptied_and_dropped(engine: Engine) -> None:
    with writing(engine) as connection:
        save_windows(connection, {(RULE, "a"): (((1, "x"), (5, "y")), 10), (RULE, "b"): (((2, "z"),), 10)})
        assert both(connection) == (((1, "x"), (5, "y")), ((2, "z"),))
        save_windows(connection, {(RULE, "a"): (((7, "y"),), 10), (RULE, "b"): ((), 10)})
        assert both(connection) == (((7, "y"),), ())
        assert delete_windows(connection, 17, "a", "b") == 0
        assert delete_windows(connection, 18, "", "a") == 0
        assert delete_windows(connection, 18, "a", "b") == 1
        assert both(connection) == ((), ())
        save_windows(connection, {(RULE, "a"): (((2**63 - 1, "x"),), 10)})
        assert both(connection) == (((2**63 - 1, "x"),), ())


def both(connection: Connection) -> tuple[object, object]:
    of_another, first, *others, second = windows(
        connection, [(UUID(int=8), "a"), *((RULE, group) for group in ("a", *map(str, range(1000)), "b"))]
    )
    assert not of_another
    assert not any(others)
    assert windows(connection, []) == []
    return first, second


def test_a_sequence_names_each_technique_once_in_the_order_of_the_log(engine: Engine) -> None:
    with writing(engine) as connection:
        order = ((1, "T1110"), (2, "T1105"), (3, "T1110"), (4, "T1003"))
        add_tags(connection, [tag(seq, technique=technique) for seq, technique in order])
        add_tags(connection, [tag(9, technique="T1", attacker="192.0.2.2")])
        assert technique_sequences(connection, ["192.0.2.1", "192.0.2.3"]) == {"192.0.2.1": ["T1110", "T1105", "T1003"]}


def test_tags_of_a_session_are_found_behind_any_number_of_later_ones(engine: Engine) -> None:
    of = {"session": "S"}
    mine = [tag(5, **of), tag(6, **of), tag(7, session="T"), tag(8, attacker="192.0.2.2", **of), tag(9)]
    with writing(engine) as connection:
        add_tags(connection, [*mine, *(tag(number) for number in range(10, 60))])
        assert tags_of_session(connection, "192.0.2.1", "S", 10) == [mine[1], mine[0]]
        assert tags_of_session(connection, "192.0.2.1", "S", 10, from_seq=6) == [mine[1]]
        assert tags_of_session(connection, "192.0.2.1", "S", 1) == [mine[1]]
