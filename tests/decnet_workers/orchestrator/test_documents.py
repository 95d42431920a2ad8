# SPDX-License-Identifier: MIT
"""Files and mail: the same whenever they are written, grown in working hours, and of no two deckies the same."""

from __future__ import annotations

import contextlib
import csv
import datetime as dt
import mailbox
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.decnet_workers.orchestrator.fleets import OFFICE, decky, hosts
from tests.examples import examples

from decnet_core.deckies.messages import PlacedFile
from decnet_core.timing.durations import DAY_NS, SECOND_NS
from decnet_models.realism.queries import Action
from decnet_workers.orchestrator.documents import (
    HISTORY_NS,
    LARGEST,
    SPOOL_ENTRIES,
    Document,
    documents_between,
    written,
)
from decnet_workers.orchestrator.genres import genres
from decnet_workers.orchestrator.plan import Host
from decnet_workers.orchestrator.working_hours import shift_on

MONDAY = int(dt.datetime(2026, 11, 30, 9, tzinfo=dt.UTC).timestamp()) * SECOND_NS
BERLIN = msgspec.structs.replace(OFFICE, timezone="Europe/Berlin")


def planned(host: Host, now: int = MONDAY, days: int = 1, **baits: tuple[str, str]) -> list[Action]:
    return documents_between(
        [host], {name.replace("_", "-"): bait for name, bait in baits.items()}, now, now + days * DAY_NS
    )


def document(action: Action) -> Document:
    return msgspec.convert(action.body, Document)


def files_of(host: Host, now: int = MONDAY, days: int = 1) -> dict[str, PlacedFile]:
    """Return what is there at the end."""
    actions = sorted(planned(host, now, days), key=lambda action: action.due_at)
    made = [written(host, document(action)) for action in actions]
    return {file.path: file for file in made}


def test_a_decky_has_a_history_of_several_kinds() -> None:
    files = files_of(hosts(1, BERLIN)[0])
    assert {"/var/mail/root", "/var/mail/deploy"} <= set(files)
    assert {path.split("/")[3] for path in files if path.startswith("/home/deploy/")} >= {"notes", "logs", "documents"}
    assert all(file.owner in ("root", "deploy") for file in files.values())


@pytest.mark.parametrize("deckies", [15, pytest.param(60, marks=pytest.mark.scale)])
def test_no_two_deckies_have_the_same_file(deckies: int) -> None:
    contents = [file.content for host in hosts(deckies) for file in files_of(host).values()]
    assert len(contents) > 10 * deckies
    assert len(set(contents)) == len(contents)
    lines = [line for content in contents for line in content.splitlines() if len(line) > 40]
    assert len(set(lines)) > 0.9 * len(lines)


@settings(max_examples=examples(60))
@given(st.integers(0, 2**53 - 1), st.integers(0, 20 * 24), st.integers(1, 24 * 6))
def test_a_later_plan_adds_nothing_to_the_time_that_was_planned(seed: int, first: int, later: int) -> None:
    host = Host(decky(1, seed=seed), BERLIN)
    now = MONDAY + first * 3600 * SECOND_NS
    before = {action.id for action in planned(host, now, days=7)}
    after = planned(host, now + later * 3600 * SECOND_NS)
    assert {action.id for action in after if action.due_at < now + 7 * DAY_NS} <= before
    assert len(before) == len(planned(host, now, days=7))


@settings(max_examples=examples(30))
@given(st.integers(0, 2**53 - 1))
def test_what_grows_keeps_what_it_was(seed: int) -> None:
    host = Host(decky(1, seed=seed), BERLIN)
    seen: dict[str, bytes] = {}
    for action in sorted(planned(host, days=12), key=lambda action: action.due_at):
        file = written(host, document(action))
        assert file == written(host, document(action))
        if action.kind == "file":
            assert file.content.startswith(seen.get(file.path, b""))
            assert file.content != seen.get(file.path)
        seen[file.path] = file.content


def test_files_change_in_working_hours_only() -> None:
    actions = [action for host in hosts(8, BERLIN) for action in planned(host, days=10)]
    for action in actions:
        moments = document(action).moments
        assert list(moments) == sorted(moments)
        assert action.due_at == moments[-1] >= MONDAY - HISTORY_NS
        for moment in moments:
            day = dt.datetime.fromtimestamp(moment / SECOND_NS, dt.UTC).date()
            shift = shift_on(BERLIN, day)
            assert shift is not None
            assert shift.start <= moment < shift.end


def test_of_the_past_only_the_last_state_of_a_document_is_written() -> None:
    past = [action for action in planned(hosts(1)[0]) if action.due_at < MONDAY]
    assert len({(body["genre"], body["user"], body["begins"]) for body in (action.body for action in past)}) == len(
        past
    )


def test_the_times_that_a_file_shows_are_those_of_the_place() -> None:
    host = hosts(1, BERLIN)[0]
    mail = next(action for action in planned(host) if action.kind == "mail")
    text = written(host, document(mail)).content.decode()
    local = dt.datetime.fromtimestamp(mail.due_at / SECOND_NS, dt.UTC) + dt.timedelta(hours=1)
    assert f"{local:%H:%M:%S} +0100" in text


def test_a_mail_spool_is_one_that_mail_programs_read(tmp_path: Path) -> None:
    spool = files_of(hosts(1)[0])["/var/mail/deploy"]
    (tmp_path / "spool").write_bytes(spool.content)
    with contextlib.closing(mailbox.mbox(tmp_path / "spool", create=False)) as box:
        mails = list(box)
    assert 5 < len(mails) <= SPOOL_ENTRIES
    assert {mail["To"] for mail in mails} == {"deploy@host-01"}
    assert all(mail["Subject"] and mail["Date"] and mail["Message-Id"] for mail in mails)
    assert spool.mode == 0o660


def test_sheets_are_csv() -> None:
    (sheet, *_) = [file for path, file in files_of(hosts(1)[0]).items() if path.endswith(".csv")]
    rows = list(csv.reader(sheet.content.decode().splitlines()[1:], delimiter=";"))
    assert rows
    assert {len(row) for row in rows} == {6}


def test_a_token_is_in_a_file_of_its_decky_only() -> None:
    bait = ("token", "https://intra.example.org/token")
    one, other = hosts(2)
    with_bait = [action for action in planned(one, host_01=bait) if action.token]
    assert {genres()[action.body["genre"]].bait for action in with_bait} == {True}
    assert all(bait[1].encode() in written(one, document(action)).content for action in with_bait)
    assert not [action for action in planned(other, host_01=bait) if action.token]


@pytest.mark.parametrize("count", [1, pytest.param(2000, marks=pytest.mark.scale)])
def test_a_document_stays_within_what_a_request_takes(count: int) -> None:
    host = hosts(1)[0]
    for genre in genres():
        moments = tuple(MONDAY + index * SECOND_NS for index in range(count))
        made = written(host, Document(genre, "deploy", "/home/deploy", "2026-11-01", moments, "http://x"))
        assert 0 < len(made.content) <= LARGEST


def test_a_machine_without_accounts_has_no_files() -> None:
    assert planned(hosts(1, msgspec.structs.replace(OFFICE, body={}))[0]) == []
