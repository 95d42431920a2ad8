# SPDX-License-Identifier: MIT
"""Deckies and plans as text."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from decnet.deckies.mutation import PlannedMutation
from decnet.deckies.plan import DeckyStep, Plan, address_words, words
from decnet.show.columns import columns
from decnet.show.times import duration, moment
from decnet_core.text import for_terminal
from decnet_models.fleet.change_log import Change
from decnet_models.fleet.mutation_policies import BadPolicy, Policy
from decnet_models.fleet.queries import Decky
from decnet_models.fleet.states import State

MAX_SHOWN = 20

_MARKS = {"add": "+", "change": "~", "remove": "-"}


def plan_text(plan: Plan) -> str:
    """Return what a plan does, one line for each decky and for each of its differences, and the count."""
    if plan.is_empty:
        return f"nothing to do: {plan.unchanged} deckies are desired as they are"
    lines = [line for step in plan.steps for line in _step(step)]
    lines += [f"{_MARKS[each.kind]} persona {each.name}  {for_terminal(each.os)}" for each in plan.personas]
    counts = f"{plan.count('add')} to add, {plan.count('change')} to change, {plan.count('remove')} to remove"
    return "\n".join([*lines, f"{counts}; {plan.unchanged} stay as they are"])


def mutations_text(mutations: Sequence[PlannedMutation]) -> str:
    """Return what is going to be changed, one line for each decky and for each of its differences."""
    lines = [line for each in mutations for line in _mutation(each)]
    return "\n".join(lines) if lines else "no decky has a policy; decnet decky policy NAME --every 7d ... sets one"


def policy_text(policy: Policy | BadPolicy, mutate_at: int | None) -> str:
    """Return how mutate may change a decky, and when it does so next."""
    if isinstance(policy, BadPolicy):
        return f"the policy of {policy.decky} cannot be read: {for_terminal(policy.reason)}"
    times = (policy.window_from, policy.window_until)
    rows = {
        "every": duration(policy.every_seconds),
        "window": "-".join(f"{at // 60:02}:{at % 60:02}" for at in times) + " UTC",
        "services": words(policy.services) if policy.services else "as they are",
        "personas": ", ".join(policy.personas) or "as it is",
        "consistent": "yes" if policy.consistent else "no",
        "next": _next(mutate_at),
    }
    return "\n".join([policy.decky, *(f"  {key:<11} {value}" for key, value in rows.items())])


def _mutation(one: PlannedMutation) -> Iterator[str]:
    yield f"~ {one.decky}  {_next(one.at)}" + ("; somebody is there now" if one.active else "")
    if one.problem:
        yield f"    cannot be changed: {for_terminal(one.problem)}"
    for each in one.differences:
        yield f"    {each.field:<9} {for_terminal(each.before)} -> {for_terminal(each.after)}"


def _next(at: int | None) -> str:
    return "as soon as mutate has drawn the time" if at is None else moment(at)


LIST_HEADING = ("decky", "addresses", "runtime", "persona", "services", "state")


def list_row(found: tuple[Decky, State | None]) -> tuple[object, ...]:
    """Return a decky of a list with what it is."""
    one, state = found
    place = one.name, address_words(one), one.runtime
    return *place, one.image or one.persona, words(one.services), state_words(one, state)


def list_text(deckies: Iterable[tuple[Decky, State | None]]) -> str:
    """Return a table of deckies with what they are, and below it why some failed."""
    deckies = list(deckies)
    rows = [list_row(one) for one in deckies]
    if not rows:
        return "none yet; add one with decnet decky add, or many with decnet deploy"
    errors = [f"{one.name}: {for_terminal(state.error)}" for one, state in deckies if state and state.error]
    return "\n".join([columns(LIST_HEADING, rows), *errors])


def states_table(deckies: Sequence[tuple[Decky, State | None]], *, played: bool = True) -> str:
    """Return desired and actual state of the deckies, as `decnet status` shows them.

    Of more than MAX_SHOWN it shows only those that are not as desired. Whether those of the settings are `played` is
    known by whether `decoys` answers.
    """
    counts = Counter(state_words(one, state, played=played) for one, state in deckies)
    summary = f"{len(deckies)} deckies: " + ", ".join(f"{count} {words}" for words, count in sorted(counts.items()))
    shown = deckies if len(deckies) <= MAX_SHOWN else [pair for pair in deckies if not is_as_desired(*pair)]
    return "\n".join([_states(shown, played=played), summary] if shown else [summary])


def is_as_desired(one: Decky, state: State | None) -> bool:
    """Whether a decky runs as it should; one that is to go never is, until its row has gone."""
    if one.version == 0:
        return True  # decoys plays those of the settings, or says itself why it cannot
    return state_words(one, state) == "running" and not (state and state.drift)


def _states(deckies: Iterable[tuple[Decky, State | None]], *, played: bool) -> str:
    rows = [
        (
            one.name,
            words(one.addresses[:1]),
            f"{'wanted' if one.wanted else 'to be removed'}, version {one.version}"
            if one.version
            else "in the settings",
            state_words(one, state, played=played),
            "; ".join(state.drift) if state and state.drift else None,
            state.error if state else None,
        )
        for one, state in deckies
    ]
    return columns(("decky", "address", "desired", "actual", "drift", "error"), rows)


def state_words(one: Decky, state: State | None, *, played: bool = True) -> str:
    """Return what a decky is, in a few words."""
    if one.version == 0:  # one of the settings, in which reconciler has no part
        return "played by decoys" if played else "no answer from decoys"
    if state is None:
        return "not looked at yet"
    if state.phase == "running" and (not one.wanted or state.version != one.version):
        return f"running version {state.version}"
    return "removed" if state.phase == "absent" and not one.wanted else state.phase


def inspection(one: Decky, state: State | None, history: Iterable[Change]) -> str:
    """Return what reconciler found of a decky, and its last changes."""
    lines = [f"{one.name}  {state_words(one, state)}"]
    lines.append(f"desired   version {one.version}" if one.version else "desired   as the settings have it")
    if state is not None:
        lines.append(f"actual    {state.phase}, version {state.version}, since {moment(state.since)}")
        lines.append(f"checked   {moment(state.checked_at)}")
        lines += [f"drift     {for_terminal(sentence)}" for sentence in state.drift]
        if state.error:
            lines.append(f"error     {for_terminal(state.error)}")
        if state.retry_at:
            left = duration(max(0.0, state.retry_at / 1e9 - time.time()))
            lines.append(f"retry     in {left}, after {state.attempts} failures in a row")
    rows = [(moment(each.ts), each.version, each.kind, each.actor, each.reason) for each in history]
    return "\n".join([*lines, "", columns(("when", "version", "change", "by", "why"), rows)])


def _step(step: DeckyStep) -> Iterator[str]:
    one = step.decky
    place = f"{address_words(one)}  {one.runtime}" + (f" on {one.interface}" if one.interface else "")
    whole = f"  {place}  {one.image or one.persona}  {words(one.services)}" if step.kind == "add" else ""
    yield f"{_MARKS[step.kind]} {one.name}{whole}"
    for each in step.differences:
        yield f"    {each.field.replace('_', ' ')}: {each.before} -> {each.after}"
