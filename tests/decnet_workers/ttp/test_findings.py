# SPDX-License-Identifier: MIT
"""What a batch becomes, on tables of its own: the same whatever the batches, and never twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine, select

from decnet_core.events.catalogue import CommandRun, HttpRequest, LoginAttempt, Payload, Repeatable
from decnet_core.events.envelope import Event
from decnet_core.events.folding import Fold, values_of
from decnet_core.events.notices import Notice, TechniqueTagged
from decnet_models.events.queries import StoredEvent
from decnet_models.ttp.correlation_windows import save_windows, windows
from decnet_models.ttp.queries import tags
from decnet_models.ttp.rule_states import RuleState, rule_states, set_rule_state
from decnet_models.ttp.tables import metadata
from decnet_workers.ttp import findings as findings_module
from decnet_workers.ttp.findings import SWEEP_EVENTS, SWEEP_PARTS, Findings, slot_of, slots_of
from decnet_workers.ttp.library import SHIPPED, Library, load

LIBRARY = load([SHIPPED])
SECOND = 1_000_000_000
DAY = 86_400 * SECOND
DOWNLOAD = UUID("fb20890c-a169-50e0-984a-08c1227fdd74")
GUESSING = UUID("31886829-da8b-5de0-8e91-ae086d09780b")
Stored = Callable[..., StoredEvent]
Outcome = tuple[dict[str, list[tuple[Any, ...]]], dict[str, Notice]]

WGET = CommandRun(service="ssh", command="wget http://198.51.100.7/x")
FAILED = LoginAttempt(service="ssh", username="root", password="x", success=False)

PAYLOADS = st.sampled_from(
    [
        WGET,
        CommandRun(service="ssh", command="chmod +x x; /tmp/x"),
        CommandRun(service="ssh", command="pkill -9 x; history -c"),
        LoginAttempt(service="ssh", username="root", success=True, method="publickey", public_key="SHA256:k"),
        CommandRun(service="ssh", command="uname -a; id"),
        *[LoginAttempt(service="ssh", username=name, password="x", success=False) for name in "abcdefg"],
        *[HttpRequest(method="GET", target=f"/{page}", status=404) for page in range(4)],
    ]
)
LOGS = st.lists(
    st.tuples(PAYLOADS, st.integers(0, 400), st.sampled_from(["192.0.2.1", "2001:db8::1", None]), st.booleans()),
    max_size=40,
)


@pytest.fixture(scope="module")
def database() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    with engine.connect() as made:
        metadata.create_all(made)
        made.commit()
        yield made
    engine.dispose()


def look(connection: Connection, batches: Sequence[Sequence[StoredEvent]], library: Library = LIBRARY) -> Outcome:
    """Return all rows, and the notices as the outbox keeps them: the first of each key."""
    outbox: dict[str, Notice] = {}
    for batch in batches:
        findings = Findings(connection, library)
        findings.look_at(batch)
        findings.prepared()(connection)
        for key, notice in findings.notices:
            outbox.setdefault(key, notice)
    rows = {
        table.name: sorted(tuple(map(str, row)) for row in connection.execute(select(table)))
        for table in metadata.sorted_tables
    }
    return rows, outbox


def numbers(connection: Connection, rule: UUID) -> list[int]:
    return sorted(tag.seq for tag in tags(connection, limit=1000) if tag.rule_id == rule)


@given(LOGS, st.sets(st.integers(0, 40)))
def test_tables_and_notices_do_not_depend_on_batches(
    database: Connection, stored: Stored, log: list[tuple[Payload, int, str | None, bool]], cuts: set[int]
) -> None:
    events = [
        # Windows of one part of the slots or the other are swept before every third event.
        stored(n * SWEEP_EVENTS // 3, payload, ts=s * SECOND, src_ip=source, session="s" if in_session else None)
        for n, (payload, s, source, in_session) in enumerate(log)
    ]
    edges = sorted({0, len(events)} | {cut for cut in cuts if cut < len(events)})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(findings_module, "SWEEP_PARTS", 2)
        database.rollback()  # what an example before left that failed
        set_rule_state(database, RuleState(DOWNLOAD, "capped", cap=2), now_ns=0)
        whole = look(database, [events])
        database.rollback()
        set_rule_state(database, RuleState(DOWNLOAD, "capped", cap=2), now_ns=0)
        assert look(database, [events[a:b] for a, b in pairwise(edges)]) == whole
        database.rollback()


SEQUENCE = """\
title: Step %d
id: 00000000-0000-4000-8000-00000000000%d
name: step%d
logsource: {product: decnet, category: session.command}
detection: {selection: {command|contains: step%d}, condition: selection}
"""
BY_DECKY = """\
title: Downloads on web-1
id: 00000000-0000-4000-8000-000000000009
tags: [attack.t1105]
logsource: {product: decnet, category: session.command}
detection: {selection: {command|contains: wget, decky: web-1}, condition: selection}
"""
STEPS = "---\n".join(SEQUENCE % (n, n, n, n) for n in (1, 2))
ORDER = """\
---
title: In order
id: 00000000-0000-4000-8000-000000000003
name: in_order
tags: [attack.t1105]
correlation: {type: temporal_ordered, rules: [step1, step2], group-by: [session], timespan: 1m}
"""
TWICE = """\
---
title: In order twice
id: 00000000-0000-4000-8000-000000000004
tags: [attack.t1105]
correlation:
  {type: value_count, rules: [in_order], group-by: [decky], timespan: 1h, condition: {field: session, gte: 2}}
"""


def run_commands(stored: Stored, *commands: str, first: int = 1, session: str = "s") -> list[StoredEvent]:
    return [
        stored(first + n, CommandRun(service="ssh", command=command), session=session)
        for n, command in enumerate(commands)
    ]


def test_one_event_is_not_two_steps_of_a_sequence(
    connection: Connection, stored: Stored, library_of: Callable[[str], Library]
) -> None:
    library = library_of(STEPS + ORDER)
    assert library.refused == ()
    look(connection, [run_commands(stored, "step1 step2", "step2", "step2", "step1")], library)
    assert [tag.seq for tag in tags(connection)] == [2]


def test_a_rule_on_the_envelope_looks_at_each_event_though_their_payloads_are_one_object(
    connection: Connection, stored: Stored, library_of: Callable[[str], Library]
) -> None:
    library = library_of(BY_DECKY)
    assert library.of_envelope == {CommandRun}
    events = [stored(number, WGET, decky=decky) for number, decky in enumerate(["web-1", "db-1", "web-1"], 1)]
    rows, _ = look(connection, [events], library)
    assert [row[0] for row in rows["ttp_tag"]] == ["1", "3"]


def test_a_correlation_counts_another_and_the_counted_one_is_silent(
    connection: Connection, stored: Stored, library_of: Callable[[str], Library]
) -> None:
    library = library_of(STEPS + ORDER + TWICE)
    assert library.refused == ()
    first, second = (run_commands(stored, "step1", "step2", first=1 + 2 * n, session=f"s{n}") for n in range(2))
    look(connection, [first, second], library)
    assert [(tag.seq, tag.title) for tag in tags(connection)] == [(4, "In order twice")]


def test_an_event_without_the_field_of_the_group_is_not_counted(
    connection: Connection, stored: Stored, library_of: Callable[[str], Library]
) -> None:
    events = [stored(n, CommandRun(service="ssh", command=f"step{n}")) for n in (1, 2)]
    rows, _ = look(connection, [events], library_of(STEPS + ORDER))
    assert (rows["ttp_tag"], rows["ttp_window"]) == ([], [])


def test_the_same_events_again_change_nothing(connection: Connection, stored: Stored) -> None:
    events = [stored(1, WGET), stored(2, WGET, session="s")]
    assert look(connection, [events]) == look(connection, [events])


def test_a_tag_says_what_where_and_who(connection: Connection, stored: Stored) -> None:
    look(connection, [[stored(7, WGET, session="f00")]])
    (tag,) = [tag for tag in tags(connection) if tag.rule_id == DOWNLOAD]
    assert (tag.technique, tag.title, tag.level) == ("T1105", "Tool fetched from outside", "high")
    assert (tag.attacker, tag.decky, tag.session, tag.seq, tag.ts) == ("192.0.2.1", "web", "f00", 7, 7 * SECOND)
    assert tag.event_id == UUID(int=7)


def test_one_notice_per_session_and_else_per_day(connection: Connection, stored: Stored) -> None:
    events = [
        *[stored(n, WGET, session="one") for n in (1, 2)],
        stored(3, WGET, session="two"),
        *[stored(n, WGET, ts=ts) for n, ts in ((4, 0), (5, DAY - 1), (6, DAY))],
    ]
    _, outbox = look(connection, [events[:1], events[1:]])
    told = [n for n in outbox.values() if isinstance(n, TechniqueTagged) and n.rule == str(DOWNLOAD)]
    assert [(notice.session, notice.ts) for notice in told] == [
        ("one", SECOND),
        ("two", 3 * SECOND),
        (None, 0),
        (None, DAY),
    ]


def test_a_notice_carries_the_action_and_the_event(connection: Connection, stored: Stored) -> None:
    commands = [CommandRun(service="ssh", command=f"echo {n}") for n in range(9)]
    _, outbox = look(connection, [[stored(7, folded([*commands, WGET]), session="s")]])
    (told,) = [n for n in outbox.values() if isinstance(n, TechniqueTagged) and n.rule == str(DOWNLOAD)]
    assert (told.event, told.action) == (str(UUID(int=7)), "$ wget http://198.51.100.7/x")


def test_the_action_in_a_notice_is_bounded(connection: Connection, stored: Stored) -> None:
    long = CommandRun(service="ssh", command="wget http://198.51.100.7/" + "x" * 5000)
    _, outbox = look(connection, [[stored(1, long)]])
    assert {len(notice.action) for notice in outbox.values() if isinstance(notice, TechniqueTagged)} == {1024}


def test_nobodys_events_are_not_tagged(connection: Connection, stored: Stored) -> None:
    rows, outbox = look(connection, [[stored(1, WGET, src_ip=None)]])
    assert rows["ttp_tag"] == []
    assert outbox == {}


def test_five_failures_are_one_finding_and_ten_are_two(connection: Connection, stored: Stored) -> None:
    look(connection, [[stored(n, FAILED)] for n in range(1, 12)])
    assert numbers(connection, GUESSING) == [5, 10]
    assert {tag.rule_id for tag in tags(connection)} == {GUESSING}, "a counted rule tags nothing by itself"


def folded(payloads: Sequence[Repeatable]) -> Repeatable:
    fold = Fold(Event(id=UUID(int=1), ts=SECOND, sensor="s", payload=payloads[0]))
    for payload in payloads:
        fold.add(SECOND, 1, values_of(payload))
    found = fold.event().payload
    assert isinstance(found, Repeatable)
    return found


@pytest.mark.parametrize("count", [4, 5, 12, 1002, 5001])
def test_a_folded_event_counts_as_the_events_that_it_stands_for(
    connection: Connection, stored: Stored, count: int
) -> None:
    rest = -count % 5 or 5
    look(connection, [[stored(1, folded([FAILED] * count))], [stored(1 + n, FAILED) for n in range(1, rest + 1)]])
    assert numbers(connection, GUESSING) == ([1] if count >= 5 else []) + [1 + rest]


def test_one_of_many_folded_commands_fires_its_rule(connection: Connection, stored: Stored) -> None:
    commands = [CommandRun(service="ssh", command=f"echo {n}") for n in range(9)]
    look(connection, [[stored(1, folded([*commands, WGET])), stored(2, folded(commands))]])
    assert numbers(connection, DOWNLOAD) == [1]


def share_slots(monkeypatch: pytest.MonkeyPatch, *, bits: int) -> None:
    monkeypatch.setattr(findings_module, "slot_of", lambda digest: f"{int(digest, 16) >> (64 - bits):05x}")


def test_groups_that_share_a_slot_are_not_added_up(
    connection: Connection, stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    share_slots(monkeypatch, bits=0)
    taken_over = [stored(n, FAILED, src_ip=f"192.0.2.{n % 2}") for n in range(8)]
    undisturbed = [stored(n, FAILED, src_ip="192.0.2.9") for n in range(8, 14)]
    rows, _ = look(connection, [[one] for one in taken_over + undisturbed])
    assert numbers(connection, GUESSING) == [12]
    assert len({row[:2] for row in rows["ttp_window"]}) == len(rows["ttp_window"])
    assert {row[0] for row in rows["ttp_window"]} == {"00000"}


def test_an_attacker_with_many_keys_costs_a_bounded_number_of_windows(
    connection: Connection, stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    share_slots(monkeypatch, bits=4)
    offers = [
        LoginAttempt(service="ssh", username="root", success=False, method="publickey", public_key=f"SHA256:{n}")
        for n in range(500)
    ]
    rows, _ = look(connection, [[stored(n, offer) for n, offer in enumerate(offers)]])
    by_rule = Counter(row[1] for row in rows["ttp_window"])
    assert max(by_rule.values()) == 16


def test_failures_of_two_addresses_are_not_added_up(connection: Connection, stored: Stored) -> None:
    look(connection, [[stored(n, FAILED, src_ip=f"192.0.2.{n % 2}") for n in range(8)]])
    assert numbers(connection, GUESSING) == []


def test_a_disabled_rule_tags_nothing_until_its_time_is_over(connection: Connection, stored: Stored) -> None:
    set_rule_state(connection, RuleState(DOWNLOAD, "disabled", expires_at=3 * SECOND), now_ns=0)
    look(connection, [[stored(n, WGET) for n in (1, 2, 3, 4)]])
    assert numbers(connection, DOWNLOAD) == [3, 4]


def test_a_disabled_rule_is_not_counted(connection: Connection, stored: Stored) -> None:
    set_rule_state(connection, RuleState(GUESSING, "disabled"), now_ns=0)
    rows, _ = look(connection, [[stored(n, FAILED) for n in range(10)]])
    assert numbers(connection, GUESSING) == []
    assert not [row for row in rows["ttp_window"] if row[1] == str(GUESSING)]


def test_a_capped_rule_tags_so_many_events_of_an_attacker_a_day(connection: Connection, stored: Stored) -> None:
    set_rule_state(connection, RuleState(DOWNLOAD, "capped", cap=2), now_ns=0)
    times = [0, 1, 2, 3, DAY, DAY + 1, DAY + 2]
    look(connection, [[stored(n, WGET, ts=ts)] for n, ts in enumerate(times)])
    look(connection, [[stored(10, WGET, ts=5, src_ip="192.0.2.2")]])
    assert numbers(connection, DOWNLOAD) == [0, 1, 4, 5, 10]


def test_enabled_again_a_rule_has_no_state(connection: Connection) -> None:
    set_rule_state(connection, RuleState(DOWNLOAD, "capped", cap=2, reason="noisy"), now_ns=0)
    assert rule_states(connection) == {DOWNLOAD: RuleState(DOWNLOAD, "capped", cap=2, reason="noisy")}
    set_rule_state(connection, RuleState(DOWNLOAD, "enabled"), now_ns=0)
    assert rule_states(connection) == {}


def test_windows_that_ran_out_are_swept(connection: Connection, stored: Stored) -> None:
    first, _ = slots_of(1)
    another, _ = slots_of(2)
    assert (slots_of(0)[0], slots_of(SWEEP_PARTS - 1)[1]) == (slot_of("0" * 16), "40000")  # the last is 3ffff
    for slot in (first, another):
        save_windows(connection, {(GUESSING, slot): (((SECOND, "0123456789abcdef|a"),), SECOND)})
    look(connection, [[stored(SWEEP_EVENTS - 1, WGET)]])
    assert all(windows(connection, [(GUESSING, first)]))
    look(connection, [[stored(SWEEP_EVENTS, WGET)]])
    swept, kept = windows(connection, [(GUESSING, first), (GUESSING, another)])
    assert kept
    assert not swept
    look(connection, [[stored(SWEEP_PARTS * SWEEP_EVENTS + 2 * SWEEP_EVENTS, WGET)]])
    assert windows(connection, [(GUESSING, another)]) == [()]
