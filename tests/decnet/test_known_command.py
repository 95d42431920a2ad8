# SPDX-License-Identifier: MIT
"""`decnet known` on a real database."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import pytest
from tests.decnet.command_result import Run

from decnet.fleet.deployment import Deployment, transaction
from decnet_core.events.catalogue import CommandRun
from decnet_models.known.queries import known_sources

Store = Callable[..., None]


def test_a_source_is_added_listed_and_removed(run: Run, deployment: Deployment) -> None:
    said = run("known", "add", "10.1.2.3/16", "--port", "22", "--until", "8h", "--label", "=office, floor 2")
    assert (said.code, "10.1.0.0/16" in said.out) == (0, True)
    listed = run("known", "list").out
    assert "=office, floor 2" in listed
    assert "10.1.0.0/16" in listed
    cells = list(csv.reader(io.StringIO(run("known", "list", "--csv").out)))[1]
    assert (cells[1], cells[2], cells[-1]) == ("10.1.0.0/16", "22", "'=office, floor 2")
    assert run("known", "remove", "1").code == 0
    assert run("known", "remove", "1").code == 1
    assert "none" in run("known", "list").out


@pytest.mark.parametrize(
    "words",
    [
        ("300.1.1.1",),
        ("0.0.0.0/0",),
        ("128.0.0.0/7",),
        ("::ffff:0.0.0.0/96",),
        ("2000::/15", "--until", "8h"),
        ("192.0.2.7", "--kind", "ssh.nothing"),
        ("192.0.2.7", "--until", "yesterday"),
        ("192.0.2.7", "--until", "8h ago"),
        ("192.0.2.7", "--port", "70000"),
        ("192.0.2.7", "--port", "22", "--forget"),
    ],
)
def test_what_makes_no_sense_is_refused_and_adds_nothing(
    run: Run, deployment: Deployment, words: tuple[str, ...]
) -> None:
    assert run("known", "add", *words).code == 2
    with transaction(deployment) as connection:
        assert known_sources(connection) == []


def test_a_network_that_holds_nearly_everybody_is_only_known_for_a_port_or_a_kind(
    run: Run, deployment: Deployment
) -> None:
    refused = run("known", "add", "::/0")
    assert (refused.code, "/16 or longer" in refused.err, "narrow it" in refused.err) == (2, True, True)
    narrowed = (("::/0", "--port", "0"), ("0.0.0.0/1", "--kind", "http.request"))
    for words in (*narrowed, (" ::ffff:10.1.0.0/104",), ("fd00::1/16",)):
        assert run("known", "add", *words).code == 0
    assert [one["network"] for one in run("known", "list", "--json").document] == [
        "::/0",
        "0.0.0.0/1",
        "10.0.0.0/8",
        "fd00::/16",
    ]


def test_events_of_a_known_source_are_shown_when_asked_for_and_counted_nowhere(run: Run, store: Store) -> None:
    store(CommandRun("ssh", "ours"), src="192.0.2.66")
    store(CommandRun("ssh", "theirs"), src="192.0.2.9", first=10)
    run("known", "add", "192.0.2.66", "--label", "scanner")
    commands = {
        name: [one["payload"]["command"] for one in run("events", "--json", *words).lines]
        for name, words in (
            ("plain", ()),
            ("known", ("--known",)),
            ("attacker", ("--attacker", "192.0.2.66")),
        )
    }
    assert commands == {"plain": ["theirs"], "known": ["ours", "theirs"], "attacker": ["ours"]}
    summary = run("summary", "--since", "2026-01-01", "--json").document
    assert (summary["events"], [one["value"] for one in summary["commands"]]) == (1, ["theirs"])


def test_what_can_be_forgotten_is_told(run: Run, deployment: Deployment) -> None:
    run("known", "add", "192.0.2.66", "--label", "scanner")
    run("known", "add", "192.0.2.67", "--kind", "http.request")
    assert (run("known", "forget", "1").code, run("known", "forget", "2").code, run("known", "forget", "9").code) == (
        0,
        1,
        1,
    )
    with transaction(deployment) as connection:
        assert [(one.id, one.network, one.forget) for one in known_sources(connection)] == [
            (2, "192.0.2.67/32", False),
            (3, "192.0.2.66/32", True),
        ]
