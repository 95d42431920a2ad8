# SPDX-License-Identifier: MIT
"""`decnet quarantine`: what was put aside is listed, shown whole and, when the reason is mended, stored once."""

from __future__ import annotations

import hashlib
import json
import re
import time
from pathlib import Path

import pytest
from msgspec import structs
from tests.decnet.command_result import Run

from decnet.fleet.deployment import Deployment, transaction
from decnet.show.troubles import troubles
from decnet_core.bus.subjects import Health
from decnet_core.events.catalogue import ClientIdentified, FileCaptured, SessionClosed
from decnet_core.events.codec import encode
from decnet_core.events.envelope import Event
from decnet_core.events.ids import uuid7
from decnet_core.spool.quarantine import Quarantine
from decnet_models.artifacts import queries as artifacts
from decnet_models.events import queries

SECOND = 1_000_000_000
EVENTS = [
    Event(
        id=uuid7(1_795_478_400 * SECOND + number),
        ts=1_795_478_400 * SECOND + number,
        sensor="sensor-1",
        payload=ClientIdentified("ssh", f"SSH-2.0-\u202e{number}"),
    )
    for number in range(3)
]


CONTENT = b"#!/bin/sh\n"
CONTENT_SHA256 = hashlib.sha256(CONTENT).hexdigest()


def put_aside(deployment: Deployment, events: list[Event]) -> None:
    quarantine = Quarantine(deployment.state.root / "quarantine" / "ingest")
    for event in events:
        quarantine.put("not this one", "decoys", encode(event))
    quarantine.close()


@pytest.fixture
def kept(deployment: Deployment) -> list[str]:
    """Three events that ingest put aside, a line that is none, and a line that the listener rejected."""
    for worker, lines in {
        "ingest": [*map(encode, EVENTS), b"\xffgarbage\x1b[2J"],
        "listener": [encode(EVENTS[0])],
    }.items():
        quarantine = Quarantine(deployment.state.root / "quarantine" / worker)
        for line in lines:
            quarantine.put("database disk image is malformed", "decoys", line)
        quarantine.close()
    return [f"ingest/1/{place}" for place in places(deployment.state.root / "quarantine/ingest/0000000001.jsonl")]


def places(file: Path) -> list[int]:
    lines = file.read_bytes().splitlines(keepends=True)
    return [sum(map(len, lines[:number])) for number in range(len(lines))]


def stored(deployment: Deployment) -> list[Event]:
    with transaction(deployment) as connection:
        return [one.event for one in queries.events_after(connection, 0, 100)]


def test_an_empty_quarantine_says_so(run: Run, deployment: Deployment) -> None:
    assert run("quarantine", "list").out == "nothing is quarantined\n"
    assert json.loads(run("quarantine", "list", "--json").out) == []


def test_lines_are_listed_with_their_reasons(run: Run, kept: list[str]) -> None:
    said = run("quarantine", "list")
    assert said.code == 0
    assert all(each in said.out for each in [*kept, "listener/1/0", "database disk image is malformed"])
    assert len(json.loads(run("quarantine", "list", "--json", "--limit", "2").out)) == 2


def test_a_line_is_shown_whole_and_safe_or_byte_by_byte(run: Run, kept: list[str]) -> None:
    said = run("quarantine", "show", kept[3])
    assert "garbage" in said.out
    assert "\x1b" not in said.out
    assert "\u202e" not in run("quarantine", "show", kept[0]).out
    assert run("quarantine", "show", kept[0], "--raw").out.encode() == encode(EVENTS[0]) + b"\n"


def test_events_are_stored_once_and_leave_the_list(run: Run, deployment: Deployment, kept: list[str]) -> None:
    assert run("quarantine", "retry", kept[1]).out == "1 stored, 0 were in the log already\n"
    assert stored(deployment) == [EVENTS[1]]
    said = run("quarantine", "retry", "--all", "--json")
    assert json.loads(said.out) == {"stored": 2, "known": 1, "refused": []}
    assert {event.id for event in stored(deployment)} == {event.id for event in EVENTS}
    assert [one["id"] for one in json.loads(run("quarantine", "list", "--json").out)] in (
        [kept[3], "listener/1/0"],
        ["listener/1/0", kept[3]],
    )
    assert len(json.loads(run("quarantine", "list", "--all", "--json").out)) == 5


def test_a_list_of_stored_events_only_says_how_to_see_them(run: Run, deployment: Deployment) -> None:
    """Found in a review: the counter said how many are quarantined, and the list that nothing is."""
    put_aside(deployment, EVENTS)
    assert run("quarantine", "retry", "--all").out == "3 stored, 0 were in the log already\n"
    assert run("quarantine", "list").out == "nothing is quarantined but what is in the log by now (3): see --all\n"


def test_the_status_names_the_command_that_lists_as_many_lines_as_it_counts(run: Run, deployment: Deployment) -> None:
    put_aside(deployment, EVENTS)
    run("quarantine", "retry", "--all")
    ((_, number, meaning),) = troubles({"ingest": Health("ingest", "running", 1, 1, 1, {"quarantined": 3})}, {})
    named = re.search("`decnet ([^`]+)`", meaning)
    assert named is not None
    assert len(json.loads(run(*named[1].split(), "--json").out)) == number


@pytest.mark.parametrize(
    ("payload", "kind"),
    [
        (FileCaptured("ssh", CONTENT_SHA256, size=1, name="x.sh"), "file"),
        (SessionClosed("ssh", 1000, recording=CONTENT_SHA256), "recording"),
    ],
)
def test_the_artifact_of_an_event_is_stored_with_it(
    run: Run, deployment: Deployment, payload: FileCaptured | SessionClosed, kind: str
) -> None:
    """Found in a review: the event was stored, and its file was never to be found."""
    event = structs.replace(EVENTS[0], payload=payload)
    place = deployment.state.artifacts / CONTENT_SHA256[:2] / CONTENT_SHA256
    place.parent.mkdir(parents=True)
    place.write_bytes(CONTENT)
    put_aside(deployment, [event])
    assert run("quarantine", "retry", "--all").out == "1 stored, 0 were in the log already\n"
    with transaction(deployment) as connection:
        kept = artifacts.artifact_of(connection, CONTENT_SHA256)
        (seen,) = artifacts.sightings(connection, sha256=CONTENT_SHA256)
    assert kept is not None
    assert (kept.kind, kept.size, kept.kept) == (kind, len(CONTENT), True)
    assert (seen.event_id, seen.sha256) == (event.id, CONTENT_SHA256)


def test_an_event_whose_artifact_is_refused_is_not_stored_and_the_others_are(run: Run, deployment: Deployment) -> None:
    refused = structs.replace(EVENTS[0], payload=FileCaptured("ssh", CONTENT_SHA256, size=1 << 63))
    put_aside(deployment, [refused, EVENTS[1]])
    said = run("quarantine", "retry", "--all")
    assert (said.code, said.out) == (1, "1 stored, 0 were in the log already\n")
    assert f"event {refused.id}: " in said.err
    assert stored(deployment) == [EVENTS[1]]


def test_an_event_from_the_future_is_stored_as_of_now(run: Run, deployment: Deployment) -> None:
    put_aside(deployment, [structs.replace(EVENTS[0], ts=2**63 - 1)])
    before = time.time_ns()
    run("quarantine", "retry", "--all")
    (event,) = stored(deployment)
    assert before <= event.ts <= time.time_ns()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), (2, "name the lines, or give --all")),
        (("ingest/1",), (2, "is no id of a line")),
        (("ingest/1/7",), (1, "is not quarantined")),
        (("listener/1/0",), (1, "was rejected by listener")),
    ],
)
def test_what_cannot_be_stored_is_refused_in_a_sentence(
    run: Run, deployment: Deployment, kept: list[str], arguments: tuple[str, ...], expected: tuple[int, str]
) -> None:
    assert kept
    said = run("quarantine", "retry", *arguments)
    assert said.code == expected[0]
    assert expected[1] in said.err
    assert stored(deployment) == []


def test_a_line_that_is_no_event_can_only_be_shown(run: Run, kept: list[str]) -> None:
    said = run("quarantine", "retry", kept[3])
    assert said.code == 1
    assert "it can only be shown" in said.err
