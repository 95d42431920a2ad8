# SPDX-License-Identifier: MIT
"""Which phase of the kill chain an event shows."""

from __future__ import annotations

from decnet_core.events.catalogue import KINDS as CATALOGUE
from decnet_core.events.catalogue import LoginAttempt, SyslogMessage, kind_of
from decnet_workers.profiler.phases import _BY_KIND, CREDENTIAL_ACCESS, INITIAL_ACCESS, PHASES, phases_of
from decnet_workers.profiler.record import KINDS


def test_a_refused_log_in_is_no_access_yet() -> None:
    refused = LoginAttempt(service="ssh", username="root", success=False)
    accepted = LoginAttempt(service="ssh", username="root", success=True)
    assert phases_of(refused) == (CREDENTIAL_ACCESS,)
    assert phases_of(accepted) == (CREDENTIAL_ACCESS, INITIAL_ACCESS)


def test_every_kind_that_is_recorded_has_its_phases_decided() -> None:
    assert set(_BY_KIND) == set(KINDS)
    assert {phase for phases in _BY_KIND.values() for phase in phases} == set(PHASES)


def test_all_kinds_are_recorded_but_the_one_whose_source_is_no_attacker() -> None:
    assert set(CATALOGUE) - {kind_of(kind) for kind in KINDS} == {kind_of(SyslogMessage)}
