# SPDX-License-Identifier: MIT
"""The threat score explains itself."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from decnet_models.attackers.scoring.score import MAX_SCORE, STEPS, TOOL_POINTS, Facts, score, terms

COUNTS = [name for name in Facts.__struct_fields__ if name != "purposes"]

facts = st.builds(
    Facts,
    **{name: st.integers(0, 3000) for name in COUNTS},
    purposes=st.sets(st.sampled_from([*TOOL_POINTS, "library", "client"])).map(lambda found: tuple(sorted(found))),
)


def facts_with(name: str, count: int) -> Facts:
    return msgspec.structs.replace(Facts(), **{name: count})


def test_an_attacker_that_did_nothing_scores_zero() -> None:
    assert terms(Facts()) == ()
    assert score(Facts()) == 0


@given(facts)
def test_score_is_the_sum_of_its_terms_up_to_the_maximum(given_facts: Facts) -> None:
    assert score(given_facts) == min(MAX_SCORE, sum(term.points for term in terms(given_facts)))


@given(facts)
def test_every_term_has_points_a_reason_and_a_name_of_its_own(given_facts: Facts) -> None:
    found = terms(given_facts)
    assert all(term.points > 0 and term.reason for term in found)
    assert len({term.name for term in found}) == len(found)
    assert list(found) == sorted(found, key=lambda term: (-term.points, term.name))


@given(facts, st.sampled_from(COUNTS), st.integers(1, 2000))
def test_doing_more_never_lowers_the_score(before: Facts, name: str, more: int) -> None:
    after = msgspec.structs.replace(before, **{name: getattr(before, name) + more})
    assert score(after) >= score(before)


def test_every_step_can_be_reached_and_costs_more_than_the_one_before() -> None:
    for step in STEPS:
        reached = [terms(facts_with(step.fact, least))[0] for least, _ in step.steps]
        assert [term.points for term in reached] == sorted({points for _, points in step.steps})
        below = terms(facts_with(step.fact, step.steps[0][0] - 1))
        assert below == ()


def test_reason_names_the_count() -> None:
    (term,) = terms(Facts(logins=250))
    assert (term.name, term.points, term.reason) == ("guessing", 10, "logins tried: 250")


def test_of_several_tools_the_most_significant_counts() -> None:
    (term,) = terms(Facts(purposes=("client", "exploitation", "scanner")))
    assert (term.points, term.reason) == (10, "used a tool for: exploitation")


def test_plain_clients_and_libraries_prove_nothing() -> None:
    assert terms(Facts(purposes=("client", "library"))) == ()
