# SPDX-License-Identifier: MIT
"""The table of hosts: when each is due, what is kept of it, and a file that survives."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet_core.spool.positions import Position
from decnet_sniff.probe.safety import Plan
from decnet_sniff.probe.targets import MAX_OWN, TargetFile, Targets, load, save

PLAN = Plan(again=100, keep=1000)
NOW = 1_000_000.0


def ns(seconds: float) -> int:
    return int(seconds * 1e9)


def table(most: int = 10) -> Targets:
    return Targets(TargetFile(), most, PLAN)


def test_new_host_is_due_at_once_and_after_a_probe_only_later() -> None:
    targets = table()
    targets.add_contact("a", ns(NOW))
    assert targets.due(NOW, set()) == "a"
    assert targets.due(NOW, {"a"}) is None
    targets.begin_probe("a", NOW)
    targets.record_result("a", NOW, {"jarm:443": "x"})
    assert targets.due(NOW + 99, set()) is None
    assert targets.due(NOW + 100, set()) == "a"


def test_host_that_comes_again_is_not_asked_sooner() -> None:
    targets = table()
    targets.add_contact("a", ns(NOW))
    targets.begin_probe("a", NOW)
    targets.add_contact("a", ns(NOW + 1))
    assert targets.due(NOW + 2, set()) is None


def test_probe_that_was_begun_counts_even_when_it_never_ends() -> None:
    """The worker was killed in the middle: what is in the file is what `begin_probe` noted."""
    targets = table()
    targets.add_contact("a", ns(NOW))
    targets.begin_probe("a", NOW)
    again = Targets(msgspec.json.decode(msgspec.json.encode(targets.kept), type=TargetFile), 10, PLAN)
    assert again.due(NOW + 1, set()) is None
    assert again.due(NOW + 100, set()) == "a"


def test_silent_host_waits_longer_each_time_and_an_answer_ends_that() -> None:
    targets, now, waits = table(), NOW, []
    for number in range(6):
        targets.add_contact("a", ns(now))
        targets.begin_probe("a", now)
        waits.append(targets.kept.targets["a"].due - now)
        if number == 4:
            targets.record_result("a", now, {"jarm:443": "x"})
        now += waits[-1]
    assert waits == [100, 200, 400, 800, 800, 100]


def test_host_that_does_not_come_any_more_is_forgotten() -> None:
    targets = table()
    targets.add_contact("a", ns(NOW))
    targets.begin_probe("a", NOW)
    assert targets.due(NOW + 1001, set()) is None
    assert len(targets) == 0
    targets.record_result("a", NOW, {"jarm:443": "x"})  # a probe that ends after that
    assert len(targets) == 0


def test_full_table_forgets_the_least_recent_contact() -> None:
    targets = table(most=3)
    for number, name in enumerate("abcad"):
        targets.add_contact(name, ns(NOW + number))
    assert list(targets.kept.targets) == ["c", "a", "d"]
    assert targets.forgotten == 1


def test_clock_that_was_set_back_does_not_put_a_probe_off_for_years() -> None:
    targets = table()
    targets.add_contact("a", ns(NOW))
    targets.begin_probe("a", NOW + 10**9)
    assert targets.due(NOW, set()) is None
    assert targets.due(NOW + 800, set()) == "a"


def test_our_own_addresses_are_remembered_up_to_a_limit() -> None:
    targets = table()
    for number in range(MAX_OWN + 5):
        targets.add_own_address(str(number))
    assert len(targets.kept.ours) == MAX_OWN


def test_file_holds_the_table(tmp_path: Path) -> None:
    targets, file = table(), tmp_path / "targets.json"
    targets.add_contact("192.0.2.1", ns(NOW))
    targets.record_result("192.0.2.1", NOW, {"jarm:443": "x"})
    targets.add_own_address("192.0.2.2")
    targets.kept.positions["decoys"] = Position(3, 4)
    save(file, msgspec.json.encode(targets.kept))
    assert load(file) == targets.kept


def test_no_file_is_an_empty_table(tmp_path: Path) -> None:
    assert load(tmp_path / "none") == TargetFile()


@pytest.mark.parametrize("content", [b"", b"\0\0", b"[]", b'{"targets": {"a": 1}}', b'{"targets"', b"\xff"])
def test_damaged_file_is_an_empty_table_and_a_warning(
    tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "targets.json"
    file.write_bytes(content)
    assert load(file) == TargetFile()
    assert "starting with none" in caplog.text


@given(
    st.lists(
        st.tuples(
            st.sampled_from(("add_contact", "begin_probe", "record_result", "drop")),
            st.sampled_from("abcde"),
            st.floats(0, 500),
        ),
        max_size=60,
    )
)
def test_no_host_is_probed_more_often_than_the_plan_allows(steps: list[tuple[str, str, float]]) -> None:
    targets, now = table(most=3), NOW
    last: dict[str, float] = {}
    for what, name, passed in steps:
        now += passed
        if what == "add_contact":
            targets.add_contact(name, ns(now))
        elif what == "record_result":
            targets.record_result(name, now, {"jarm:443": "x"})
        elif what == "drop":
            targets.drop(name)
            last.pop(name, None)
        elif (due := targets.due(now, set())) is not None:
            assert due not in last or now - last[due] >= PLAN.again
            targets.begin_probe(due, now)
            last[due] = now
        last = {one: when for one, when in last.items() if one in targets.kept.targets}
        assert len(targets) <= 3
