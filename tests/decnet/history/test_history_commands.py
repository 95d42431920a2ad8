# SPDX-License-Identifier: MIT
"""What happened in a span of time, told from a real database after a real profiler and a real ttp worker."""

import csv
import functools
import io
import json
import re
import sqlite3
import xml.dom.minidom
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from uuid import UUID

import pytest
from tests.decnet.command_result import Run

from decnet.fleet.deployment import Deployment, transaction
from decnet_core.events.catalogue import (
    CommandRun,
    FileCaptured,
    HttpRequest,
    LoginAttempt,
    SessionClosed,
    SessionOpened,
)
from decnet_core.events.envelope import Event
from decnet_core.runtime.worker import NoSettings
from decnet_models.artifacts.queries import Artifact, Sighting, register
from decnet_models.database.engine import open_engine
from decnet_models.events.queries import events_after
from decnet_models.following.cursor_worker import EventBatch
from decnet_models.known import queries as known
from decnet_models.ttp.queries import Tag, add_tags
from decnet_workers.profiler.worker import Profiler

RECORDING = "ab" * 32
FIRST = 1_795_478_401_000_000_000
"""When the first event that the fixture `store` commits happened: 2026-11-24T00:00:01Z."""


@pytest.fixture
def _night(deployment: Deployment, store: Callable[..., None]) -> None:
    """One intruder at midnight, and somebody else a quarter of an hour later."""
    store(
        LoginAttempt(service="ssh", username="root", password="=cmd()", success=False),
        LoginAttempt(service="ssh", username="root", password="toor", success=True),
        SessionOpened(service="ssh", username="root"),
        CommandRun(service="ssh", command="uname -a"),
        FileCaptured(service="ssh", sha256="cd" * 32, size=5, name="x.sh"),
        SessionClosed(service="ssh", duration_ms=4200, commands=1, recording=RECORDING),
    )
    store(HttpRequest(method="GET", target="/\x1b[2J"), src="192.0.2.8", first=900)
    with transaction(deployment, write=True) as connection:
        stored = events_after(connection, 0, 100)
        Profiler(NoSettings()).handle(EventBatch(connection, stored))
        add_tags(connection, [_tag(stored[3].seq, stored[3].event)])
        seen = stored[4].event
        register(
            connection,
            [
                (
                    Artifact("cd" * 32, "file", 5, seen.ts, seen.ts, stored_at=seen.ts),
                    Sighting(seen.id, "cd" * 32, seen.ts, "ssh", "192.0.2.7", "session-1", "web-01", "x.sh"),
                )
            ],
        )


def _tag(seq: int, event: Event) -> Tag:
    return Tag(seq, UUID(int=1), "T1082", UUID(int=2), "System asked", "low", "192.0.2.7", event.id, event.ts)


NIGHT = ("--since", "2026-11-24T00:00:00Z", "--until", "2026-11-24T00:10:00Z")
LATER = ("--since", "2026-11-24T00:10:00Z", "--until", "2026-11-24T01:00:00Z")


@pytest.mark.usefixtures("_night")
def test_events_of_a_span_and_a_decky(run: Run) -> None:
    assert [one["kind"] for one in run("events", "--json", *LATER).lines] == ["http.request"]
    assert len(run("events", "--json", "--limit", "3", *NIGHT).lines) == 3
    assert run("events", "--json", "--decky", "web-02").out == ""
    assert len(run("events", "--json", "--session", "session-1", *NIGHT).lines) == 6


@pytest.mark.usefixtures("_night")
def test_attackers_of_a_span(run: Run) -> None:
    assert [one["ip"] for one in run("attackers", "--json", *LATER).document] == ["192.0.2.8"]
    assert {one["ip"] for one in run("attackers", "--json", "--since", "2026-11-24T00:00:00Z").document} == {
        "192.0.2.7",
        "192.0.2.8",
    }
    assert run("attackers", "--since", "2026-11-25T00:00:00Z").out == "nobody in that time\n"


@pytest.mark.usefixtures("_night")
def test_sessions_credentials_techniques_and_files_of_a_span(run: Run) -> None:
    (session,) = run("sessions", "--json", *NIGHT).document
    assert (session["session"], session["recording"]) == ("session-1", RECORDING)
    assert run("sessions", *LATER).out == "no session in that time\n"
    tried = {one["secret"]: (one["tries"], one["accepted"]) for one in run("credentials", "--json", *NIGHT).document}
    assert tried == {"=cmd()": (1, 0), "toor": (1, 1)}
    assert run("credentials", "--json").document == run("credentials", "--json", *NIGHT).document
    assert "System Information Discovery" in run("techniques", *NIGHT).out
    assert run("techniques", *LATER).out == "no technique in that time\n"
    (file,) = run("files", "--json", *NIGHT).document
    assert (file["artifact"]["sha256"], file["sighting"]["name"]) == ("cd" * 32, "x.sh")
    assert file["path"].endswith(f"/artifacts/cd/{'cd' * 32}")


@pytest.mark.usefixtures("_night")
def test_no_cell_of_a_csv_table_is_a_formula(run: Run) -> None:
    rows = list(csv.DictReader(io.StringIO(run("credentials", "--csv").out)))
    assert {row["password or key"] for row in rows} == {"'=cmd()", "toor"}
    assert run("credentials", "--csv", "--json").code == 2


@pytest.mark.usefixtures("_night")
def test_the_summary_tells_the_night(run: Run) -> None:
    found = run("summary", "--json", "--since", "2026-11-24T00:00:00Z").document
    assert (found["events"], found["attackers"], found["new_attackers"]) == (7, 2, 2)
    assert [one["value"] for one in found["commands"]] == ["uname -a"]
    assert [one["technique"] for one in found["techniques"]] == ["T1082"]
    assert found["requests"] == [{"value": "GET /\x1b[2J", "times": 1, "attackers": 1}]
    said = run("summary", "--since", "2026-11-24T00:00:00Z").out
    assert said.startswith("2026-11-24 00:00:00Z to now: 7 events from 2 attackers, 2 of them new")
    assert "\x1b" not in said
    assert run("summary", "--since", "2026-11-25T00:00:00Z").out.endswith("0 events from 0 attackers, 0 of them new\n")


@pytest.mark.usefixtures("_night")
def test_the_summary_says_whose_events_it_counts_that_were_made_known_later(run: Run, deployment: Deployment) -> None:
    with transaction(deployment, write=True) as connection:
        known.add(connection, "192.0.2.7/32", "my scanner", now_ns=FIRST)
    said = run("summary", "--since", "2026-11-24T00:00:00Z").out
    assert "; counts include what came from 1 known source before being added\n" in said
    assert run("summary", "--json", "--since", "2026-11-24T00:00:00Z").document["made_known"] == 1
    assert "known source" not in run("summary", "--since", "2026-11-24T00:00:10Z").out


@pytest.mark.usefixtures("_night")
def test_a_report_shows_what_attackers_sent_as_text(run: Run, store: Callable[..., None], tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>\x1b[2J|[x](javascript:y) http://e.test/ WWW.e.test me@e.test mailto:me@e.test"
    store(CommandRun(service="ssh", command=evil), first=1000)
    page = run("report", "--since", "2026-11-24T00:00:00Z").out
    document = xml.dom.minidom.parseString(_closed(page))
    cells = [
        "".join(getattr(node, "data", "") for node in cell.childNodes) for cell in document.getElementsByTagName("td")
    ]
    assert any(cell.startswith("<script>alert(1)</script>\\x1b[2J") for cell in cells)
    assert not document.getElementsByTagName("script")
    assert [bar.tagName for bar in document.getElementsByTagName("rect")] == ["rect"]
    markdown = run("report", "--since", "2026-11-24T00:00:00Z", "--format", "md").out
    assert r"\<script\>alert(1)\</script\>".replace("(1)", r"\(1\)") in markdown
    assert r"\|\[x\]\(javascript:y\)" in markdown
    assert not re.search(r"https?://|www\.|\w@|mailto:", markdown, re.IGNORECASE), "GitHub would make links of these"
    file = tmp_path / "report.json"
    assert run("report", "--format", "json", "--output", str(file)).out == f"wrote {file}\n"
    assert run("report", "--json").document.keys() == json.loads(file.read_text()).keys()
    assert "events" in json.loads(file.read_text())
    assert run("report", "--output", str(tmp_path / "missing" / "x")).code == 1


@pytest.mark.usefixtures("_night")
def test_a_report_while_the_database_is_locked(
    run: Run, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who writes keeps no reader waiting; one who has the file for himself is named at the end of a wait."""
    file = deployment.state.root / "decnet.db"
    asked = ("report", "--since", "2026-11-24T00:00:00Z", "--format", "json")
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert run(*asked).document["events"] == 7
        other.execute("ROLLBACK")
        impatient = functools.partial(open_engine, busy_seconds=0.2)
        monkeypatch.setattr("decnet_models.database.engine.open_engine", impatient)
        other.execute("PRAGMA locking_mode=EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        refused = run(*asked)
    assert (refused.code, refused.out) == (78, "")
    assert refused.err.endswith("cannot be used: database is locked\n")
    assert run(*asked).code == 0


def _closed(page: str) -> str:
    """Return the page as XML, which has no elements without an end and no attributes without quotes."""
    page = page.removeprefix("<!doctype html>\n")
    page = re.sub(r"<(meta [^>]*)>", r"<\1/>", page)
    return re.sub(r"(scope|class)=(\w+)>", r'\1="\2">', page)


def _record(deployment: Deployment, *lines: object) -> Path:
    file = deployment.state.artifacts / RECORDING[:2] / RECORDING
    file.parent.mkdir(parents=True)
    header = {"version": 2, "width": 80, "height": 24, "timestamp": 1}
    file.write_text("".join(json.dumps(line) + "\n" for line in (header, *lines)))
    return file


@pytest.mark.usefixtures("_night")
@pytest.mark.parametrize("name", ["session-1", "sess", RECORDING[:16]])
def test_a_session_is_played_without_what_acts_on_the_terminal(run: Run, deployment: Deployment, name: str) -> None:
    file = _record(deployment, [0.1, "o", "root@web-01:~# "], [0.2, "i", "id"], [0.3, "o", "id\r\n\x1b]0;x\x07uid=0"])
    with file.open("a") as stream:
        stream.write("damaged\n")
    said = run("play", name)
    assert said.out.startswith("root@web-01:~# id\r\nuid=0")
    assert "root from 192.0.2.7 at web-01  terminal 80x24" in said.err


@pytest.mark.usefixtures("_night")
def test_what_cannot_be_played_is_said(run: Run, deployment: Deployment) -> None:
    assert "retention removed it" in run("play", "session-1").err
    assert run("play", "nothing").code == 1
    _record(deployment).write_text("not a recording\n")
    assert "not an asciicast recording" in run("play", "session-1").err
