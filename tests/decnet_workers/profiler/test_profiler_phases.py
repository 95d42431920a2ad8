# SPDX-License-Identifier: MIT
"""Which phase of the kill chain an event shows."""

from __future__ import annotations

from decnet_core.events.catalogue import KINDS as CATALOGUE
from decnet_core.events.catalogue import LoginAttempt, Payload, SyslogMessage, kind_of
from decnet_core.events.phases import CREDENTIAL_ACCESS, INITIAL_ACCESS, PHASES
from decnet_workers.profiler.record import KINDS


def test_a_refused_log_in_is_no_access_yet() -> None:
    refused = LoginAttempt(service="ssh", username="root", success=False)
    accepted = LoginAttempt(service="ssh", username="root", success=True)
    assert refused.reached() == (CREDENTIAL_ACCESS,)
    assert accepted.reached() == (CREDENTIAL_ACCESS, INITIAL_ACCESS)


def test_every_kind_that_is_recorded_has_its_phases_decided() -> None:
    undecided = [
        kind for kind in KINDS if not any("phases" in vars(each) for each in kind.__mro__[: -len(Payload.__mro__)])
    ]
    assert undecided == []
    assert {phase for kind in KINDS for phase in kind.phases} == set(PHASES)


def test_all_kinds_are_recorded_but_the_one_whose_source_is_no_attacker() -> None:
    assert set(CATALOGUE) - {kind_of(kind) for kind in KINDS} == {kind_of(SyslogMessage)}
