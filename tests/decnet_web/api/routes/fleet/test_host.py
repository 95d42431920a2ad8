# SPDX-License-Identifier: MIT
"""Settings, database, quarantine, replays: shown, and changed only as they were seen."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import text
from tests.decnet_web.api.routes.fleet.unwritable import unwritable
from tests.decnet_web.api.served import ON_SQLITE, Served, serving

from decnet.configuration import looking
from decnet.database import jobs
from decnet.fleet.deployment import transaction
from decnet_core.events.catalogue import ClientIdentified
from decnet_core.events.codec import encode
from decnet_core.events.envelope import Event
from decnet_core.settings import Settings
from decnet_core.spool.quarantine import Quarantine
from decnet_models.accounts.audit import entries
from decnet_models.events.queries import insert_events
from decnet_models.progress.queries import begin_cursor, cursor_of
from decnet_web.api.application import make_application
from decnet_web.api.fleet import Fleet
from decnet_web.api.routes.fleet.host import upkeep

SECRET = "p4ssw0rd-of-the-bus"  # a test's


@pytest.fixture
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A fleet with a settings file."""
    root = tmp_path_factory.mktemp("fleet")
    file = root / "decnet.toml"
    with serving(root) as plain:
        state = plain.deployment.state.root
        file.write_text(
            f'[state]\ndir = "{state}"\n[mutate]\nquiet_seconds = 77\n[bus]\nurl = "nats://u:{SECRET}@h:1"\n'
        )
        settings = Settings.load(file, {})
        deployment = msgspec.structs.replace(plain.deployment, settings=settings)
        fleet = Fleet(deployment)
        yield msgspec.structs.replace(plain, application=make_application(fleet), deployment=deployment)
        fleet.close()


def settings_file(served: Served) -> Path:
    return Path(served.deployment.settings.source)


def event(number: int) -> Event:
    payload = ClientIdentified("ssh", f"SSH-2.0-\u202e{number}")
    return Event(id=UUID(int=number), ts=1_795_478_400_000_000_000 + number, sensor="here", payload=payload)


async def ended(read: Any) -> Any:
    """Return the job once it does not run any more."""
    async with asyncio.timeout(60):
        while (job := await read())["state"] == "running":
            await asyncio.sleep(0.05)
    return job


async def test_settings_are_shown_with_where_they_come_from_and_without_secrets(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "subprocess", subprocess)  # a child that is started
    async with served.client("admin") as client:
        answer = await client.get("/api/v1/settings")
    found = {(one["section"], one["name"]): one for one in answer.json()["items"]}
    quiet = found["mutate", "quiet_seconds"]
    assert (quiet["value"], quiet["origin"]) == (77, f"{settings_file(served)}:4")
    assert quiet["default"] != 77
    assert quiet["meaning"]
    assert found["ttp", "rules_dir"]["origin"] == "default"
    assert answer.json()["problems"] == []
    for role in ("analyst", "viewer"):
        async with served.client(role) as client:
            assert (await client.get("/api/v1/settings")).status_code == 403


async def test_the_settings_file_is_replaced_by_a_good_text_only_as_it_was_seen(served: Served) -> None:
    async with served.client("admin") as client:
        seen = (await client.get("/api/v1/settings/file")).json()
        better, change = seen["text"].replace("quiet_seconds = 77", "quiet_seconds = 78"), ("quiet_seconds", 77, 78)
        plan = (await client.post("/api/v1/settings/check", json={"text": better})).json()
        assert [(one["name"], one["before"], one["after"]) for one in plan["differences"]] == [change]
        assert (plan["restart"], plan["whole_fleet"], plan["problems"]) == (["mutate"], False, [])
        bad = seen["text"].replace("quiet_seconds", "quite_seconds")
        refused = await client.put("/api/v1/settings/file", json={"text": bad, "digest": seen["digest"]})
        assert refused.status_code == 422
        assert "quite_seconds" in refused.json()["problems"][0]
        stale = await client.put("/api/v1/settings/file", json={"text": better, "digest": "0" * 32})
        assert stale.status_code == 409
        assert settings_file(served).read_text() == seen["text"]
        done = await client.put("/api/v1/settings/file", json={"text": better, "digest": seen["digest"]})
        assert done.status_code == 200
        assert settings_file(served).read_text() == better
        now = {(one["section"], one["name"]): one for one in (await client.get("/api/v1/settings")).json()["items"]}
        assert now["mutate", "quiet_seconds"]["value"] == 78
    with transaction(served.deployment) as connection:
        found = entries(connection, 10)
    assert [one.action for one in found] == ["settings.change", "settings.look"]
    assert SECRET not in str(found)


async def test_a_settings_file_that_the_service_may_not_write_is_named_with_what_to_run(served: Served) -> None:
    async with served.client("admin") as client:
        seen = (await client.get("/api/v1/settings/file")).json()
        change = {"text": seen["text"].replace("quiet_seconds = 77", "quiet_seconds = 78"), "digest": seen["digest"]}
        with unwritable(settings_file(served).parent):
            refused = await client.put("/api/v1/settings/file", json=change)
    assert (refused.status_code, refused.json()["title"]) == (409, "Only on the host")
    assert refused.json()["command"] == "decnet config edit"
    assert str(settings_file(served).parent) in refused.json()["detail"]
    assert settings_file(served).read_text() == seen["text"]
    assert [path.name for path in settings_file(served).parent.glob("*.toml*")] == [settings_file(served).name]


@ON_SQLITE
async def test_the_database_is_shown_and_checked_and_backed_up(served: Served) -> None:
    with transaction(served.deployment, write=True) as connection:
        insert_events(connection, [event(number) for number in range(1, 4)])
    async with served.client("admin") as client:
        shown = (await client.get("/api/v1/database")).json()
        assert shown["revision"] == shown["newest_revision"]
        assert shown["bytes"] > 4096
        assert shown["last_check"] is None
        with transaction(served.deployment) as connection:
            oldest = connection.execute(text("SELECT min(ts) FROM event")).scalar_one()
        assert datetime.fromisoformat(shown["oldest_event_at"]).timestamp() == oldest // 10**9
        assert (await client.post("/api/v1/database/check")).status_code == 202

        async def check() -> Any:
            return (await client.get("/api/v1/database/check")).json()

        found = await ended(check)
        assert (found["state"], found["damages"], found["words"]) == ("done", 0, [])

        begun = (await client.post("/api/v1/database/backups")).json()

        async def backup() -> Any:
            (one,) = (await client.get("/api/v1/database/backups")).json()["items"]
            return one

        made = await ended(backup)
        assert (made["state"], made["name"]) == ("done", begun["name"])
        path = f"/api/v1/database/backups/{made['name']}"
        content = (await client.get(f"{path}/download")).content
        assert len(content) == made["bytes"]
        copy = Path(served.deployment.state.root) / "copy.db"
        copy.write_bytes(content)
        with sqlite3.connect(copy) as database:
            assert database.execute("SELECT count(*) FROM event").fetchone() == (3,)
        database.close()
        assert (await client.delete(path)).status_code == 204
        assert (await client.get(f"{path}/download")).status_code == 404
        assert not list(jobs.folder_of(served.deployment).glob("decnet-*"))
        for name in ("..%2Fdecnet.db", "decnet.db", "decnet-20260101T000000Z.db"):
            assert (await client.get(f"/api/v1/database/backups/{name}/download")).status_code in (400, 404)
    async with served.client("analyst") as client:
        assert (await client.post("/api/v1/database/backups")).status_code == 403


async def test_a_backup_whose_process_was_killed_has_failed(served: Served) -> None:
    folder = jobs.folder_of(served.deployment)
    folder.mkdir(parents=True)
    jobs.write(
        folder / "decnet-20260101T000000Z.db",
        jobs.Job("backup", "decnet-20260101T000000Z.db", "running", 1, pid=1, ticks=7),
    )
    async with served.client("admin") as client:
        (one,) = (await client.get("/api/v1/database/backups")).json()["items"]
        assert (one["state"], one["error"]) == ("failed", "its process has ended before it was done")
        assert (await client.delete(f"/api/v1/database/backups/{one['name']}")).status_code == 204


async def _whole(client: Any) -> list[dict[str, Any]]:
    """Return the lines as a list has them whole, by pages that are full with one."""
    rows: list[dict[str, Any]] = []
    after = None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(upkeep, "_PAGE_CHARACTERS", 10)
        while True:
            asked = {"whole": True, **({"after": after} if after else {})}
            page = (await client.get("/api/v1/quarantine", params=asked)).json()
            assert len(page["items"]) == 1
            rows, after = [*rows, *page["items"]], page["next"]
            if after is None:
                return rows


async def _texts(client: Any, rows: list[dict[str, Any]]) -> list[str]:
    return [(await client.get(f"/api/v1/quarantine/{one['id']}")).json()["line"] for one in rows]


async def test_quarantined_lines_are_listed_shown_and_stored_once(served: Served) -> None:
    quarantine = Quarantine(served.deployment.state.root / "quarantine" / "ingest")
    for line in (*(encode(event(number)) for number in (1, 2, 3)), b"\xffgarbage\x1b[2J"):
        quarantine.put("disk \x1b[31mfull", "decoys", line)
    quarantine.close()
    async with served.client("analyst") as client:
        first = (await client.get("/api/v1/quarantine", params={"limit": 3})).json()
        rest = (await client.get("/api/v1/quarantine", params={"limit": 3, "after": first["next"]})).json()
        rows = [*first["items"], *rest["items"]]
        assert len({one["id"] for one in rows}) == 4
        oldest = (await client.get("/api/v1/quarantine", params={"limit": 3, "direction": "asc"})).json()
        asked = {"limit": 3, "direction": "asc", "after": oldest["next"]}
        later = (await client.get("/api/v1/quarantine", params=asked)).json()
        assert [*oldest["items"], *later["items"]] == rows[::-1]
        assert "\x1b" not in rows[0]["reason"]
        shown = (await client.get(f"/api/v1/quarantine/{rows[0]['id']}")).json()
        assert "\x1b" not in shown["text"]
        assert {one["line"] for one in rows} == {None}
        assert [one["line"] for one in await _whole(client)] == [shown["line"], *(await _texts(client, rows[1:]))]
        assert (await client.get("/api/v1/quarantine/ingest/99/99")).status_code == 404
        assert (await client.get("/api/v1/quarantine/..%2f/0/0")).status_code == 400
        done = (await client.post("/api/v1/quarantine/retry", json={})).json()
        assert (done["stored"], done["known"], done["refused"]) == (3, 0, [])
        again = (await client.post("/api/v1/quarantine/retry", json={})).json()
        assert (again["stored"], again["known"]) == (0, 3)
        assert (await client.post("/api/v1/quarantine/retry", json={"ids": ["x"]})).status_code == 422
        left = (await client.get("/api/v1/quarantine")).json()["items"]
        assert len(left) == 1
        everything = (await client.get("/api/v1/quarantine", params={"everything": True})).json()["items"]
        assert len(everything) == 4
    async with served.client("viewer") as client:
        assert (await client.get("/api/v1/quarantine")).status_code == 403


async def test_a_replay_is_begun_as_it_was_planned(served: Served) -> None:
    with transaction(served.deployment, write=True) as connection:
        insert_events(connection, [event(number) for number in range(1, 6)])
        begin_cursor(connection, "ttp", now_ns=1)
    asked = {"worker": "ttp", "since": 3}
    async with served.client("admin") as client:
        plan = (await client.post("/api/v1/replays/plan", json=asked)).json()
        assert plan["events"] >= 3
        assert (await client.post("/api/v1/replays", json={**asked, "digest": "0"})).status_code == 409
        assert (await client.post("/api/v1/replays/plan", json={"worker": "ttp"})).status_code == 422
        assert (await client.post("/api/v1/replays/plan", json={"worker": "bus", "since": 1})).status_code == 409
        begun = await client.post("/api/v1/replays", json={**asked, "digest": plan["digest"]})
        assert begun.status_code == 202
    with transaction(served.deployment) as connection:
        assert cursor_of(connection, "ttp") == plan["first"] - 1
        assert entries(connection, 1)[0].action == "worker.replay"


@pytest.mark.parametrize("when", ["9999-01-01T00:00:00Z", "0001-01-01T00:00:00Z", 2**63, -(2**64)])
async def test_a_time_that_no_column_holds_is_refused(served: Served, when: str | int) -> None:
    async with served.client("admin") as client:
        for path, rest in (("replays/plan", {}), ("replays", {"digest": "0"})):
            answer = await client.post(f"/api/v1/{path}", json={"worker": "ttp", "since_time": when, **rest})
            assert answer.status_code == 422
            assert "1678" in answer.json()["errors"][0]["what"]


async def test_the_agenda_of_synthetic_users_is_shown(served: Served) -> None:
    async with served.client("viewer") as client:
        found = (await client.get("/api/v1/orchestrator/agenda")).json()
    assert found == {"enabled": False, "hosts": 0, "items": []} or found["hosts"] == 0
