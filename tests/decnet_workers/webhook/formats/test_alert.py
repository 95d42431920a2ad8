# SPDX-License-Identifier: MIT
"""A notice as an alert: what it is about, how severe it is, when it ends something."""

from __future__ import annotations

from tests.decnet_workers.webhook.formats.notices import HOSTILE, TS, alert

from decnet_core.events.notices import (
    NOTICE_KINDS,
    AttackerObserved,
    CanaryTriggered,
    IncidentClosed,
    IncidentOpened,
    WorkerDown,
    WorkerRecovered,
)
from decnet_workers.webhook.formats.alert import Severity
from decnet_workers.webhook.formats.wording import WORDING

INCIDENT = IncidentOpened(
    ts=TS, incident=7, severity="critical", state="new", attacker="203.0.113.9", first_seen=TS, last_seen=TS, notices=3,
    fresh=3, title="Files were encrypted", line="openssl enc", counts={"ttp.tagged": 2, "canary.hit": 1},
)  # fmt: skip


def test_every_kind_has_its_words() -> None:
    assert set(WORDING) == set(NOTICE_KINDS)


def test_what_begins_and_ends_a_trouble_has_one_name() -> None:
    down, up = alert(WorkerDown(TS, "ttp", "crash loop")), alert(WorkerRecovered(TS, "ttp", TS))
    assert (down.about, up.about, down.ends, up.ends) == ("worker-ttp", "worker-ttp", False, True)
    assert dict(up.fields)["since"] == "2023-11-14T22:13:20.123456Z"


def test_an_incident_is_told_by_its_title_and_its_line() -> None:
    one = alert(INCIDENT)
    assert (one.title, one.decisive, one.severity) == ("Files were encrypted", "openssl enc", Severity.CRITICAL)
    assert dict(one.fields)["counts"] == "ttp.tagged 2, canary.hit 1"
    closed = alert(IncidentClosed(**{name: getattr(INCIDENT, name) for name in INCIDENT.__struct_fields__}))
    assert (one.about, closed.about, closed.ends) == ("incident-7", "incident-7", True)


def test_a_technique_and_a_canary_are_as_severe_as_in_incidents() -> None:
    assert alert(HOSTILE).severity is Severity.HIGH
    assert alert(CanaryTriggered(TS, "203.0.113.9", "t", "label", "dns")).severity is Severity.HIGH
    assert alert(AttackerObserved(TS, "203.0.113.9")).severity is Severity.LOW


def test_only_an_address_is_offered_as_ones_own() -> None:
    assert dict(alert(AttackerObserved(TS, "2001:db8::1")).fields)["yours?"].startswith("decnet known add 2001:db8::1 ")
    assert "yours?" not in dict(alert(AttackerObserved(TS, "$(reboot)")).fields)
