# SPDX-License-Identifier: MIT
"""The list of workers, orders to them, their logs and what they cost."""

from __future__ import annotations

import os
from collections.abc import Iterator

import msgspec
import pytest
from tests.decnet_web.api.routes.fleet.running import running_workers
from tests.decnet_web.api.served import Served, serving

from decnet.fleet import bus_access
from decnet.fleet.deployment import transaction
from decnet_core.bus.client import connect
from decnet_core.runtime import worker_registry
from decnet_core.runtime.restarts.policy import Phase
from decnet_core.supervise.lifecycle import Status
from decnet_core.supervise.status_file import SupervisorStatus
from decnet_models.accounts.audit import entries
from decnet_models.progress.queries import add_dead_letter


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("fleet")) as served:
        yield served


def supervised(served: Served, *statuses: Status) -> None:
    report = SupervisorStatus(os.getpid(), "fork", statuses)
    file = served.deployment.state.supervisors / "supervisor.all.json"
    file.write_bytes(msgspec.json.encode(report))


async def test_every_installed_worker_is_listed_with_what_is_known(served: Served) -> None:
    supervised(
        served,
        Status("ttp", Phase.CRASH_LOOP, reason="exit code 1: \x1b[31mno rules", restarts=4, recycled=2),
        Status("canary", Phase.READY, pid=1),
    )
    with transaction(served.deployment, write=True) as connection:
        add_dead_letter(connection, "profiler", 7, "ValueError: <b>", now_ns=5)
    async with running_workers(served.deployment, "ingest"), served.client("viewer") as client:
        answer = (await client.get("/api/v1/workers")).json()
    rows = {row["name"]: row for row in answer["items"]}
    assert {*rows} == {*worker_registry.names()}
    assert answer["bus_reached"]
    assert rows["ttp"]["state"] == "crash loop"
    assert "\x1b" not in rows["ttp"]["reason"]
    assert rows["ttp"]["restarts"] == 4
    assert [one["count"] for one in rows["ttp"]["troubles"]][:1] == [2]
    assert rows["canary"]["state"] == "no answer"
    assert rows["profiler"]["dead_letters"] == 1
    ingest = rows["ingest"]
    assert (ingest["state"], ingest["pid"], ingest["lag"], ingest["lag_unit"]) == ("running", os.getpid(), 7, "bytes")
    assert ingest["uss"] <= ingest["pss"] <= ingest["rss"]
    assert ingest["shared"] == ingest["pss"] - ingest["uss"]
    off = worker_registry.off(served.deployment.settings)
    assert {name for name, row in rows.items() if row["state"] == "off"} == set(off)
    assert all(row["off_until"] for row in rows.values() if row["state"] == "off")


async def test_one_worker_has_its_newest_dead_letters(served: Served) -> None:
    async with served.client("viewer") as client:
        found = (await client.get("/api/v1/workers/profiler")).json()
        assert found["newest_dead_letters"][0]["seq"] == 7
        assert found["newest_dead_letters"][0]["created_at"] == "1970-01-01T00:00:00.000000005Z"
        assert (await client.get("/api/v1/workers/nobody")).status_code == 404


async def test_when_a_parked_worker_looks_by_itself_is_a_time(served: Served) -> None:
    async with served.client("viewer") as client:
        rows = (await client.get("/api/v1/workers")).json()["items"]
    assert not any(row["next_look"] for row in rows)


@pytest.mark.parametrize(
    ("op", "state"), [("pause", "paused"), ("resume", "running"), ("restart", "stopping"), ("reload", "running")]
)
async def test_an_order_is_acknowledged_by_the_worker_and_audited(served: Served, op: str, state: str) -> None:
    async with running_workers(served.deployment, "ttp") as heard, served.client("admin") as client:
        answer = await client.post(f"/api/v1/workers/ttp/{op}")
    assert answer.status_code == 200
    assert answer.json() == {"worker": "ttp", "op": op, "state": state, "pid": os.getpid()}
    assert heard.orders == [("ttp", op)]
    with transaction(served.deployment) as connection:
        assert entries(connection, 1)[0].action == f"worker.{op}"


async def test_an_order_that_nobody_hears_is_a_problem_that_says_what_to_do(served: Served) -> None:
    async with served.client("admin") as client:
        answer = await client.post("/api/v1/workers/ttp/restart")
        assert answer.status_code == 503
        assert "bus" in answer.json()["detail"]
        async with running_workers(served.deployment):
            answer = await client.post("/api/v1/workers/ttp/restart")
        assert answer.status_code == 409
        assert "does not answer" in answer.json()["detail"]
        assert (await client.post("/api/v1/workers/nobody/restart")).status_code == 404
        off = next(iter(worker_registry.off(served.deployment.settings)))
        assert (await client.post(f"/api/v1/workers/{off}/restart")).status_code == 409


async def test_only_an_admin_gives_orders(served: Served) -> None:
    async with served.client("analyst") as client:
        assert (await client.post("/api/v1/workers/ttp/pause")).status_code == 403


async def test_the_log_is_the_end_of_its_file_and_its_fields_are_told_apart(served: Served) -> None:
    folder = served.deployment.state.root / "log"
    folder.mkdir(exist_ok=True)
    line = 'ts=2026-11-30T06:00:00.123 level=warning worker=ttp logger=decnet.ttp msg="a \\"b\\" c=d"'
    (folder / "ttp.log.1").write_text("older\n")
    (folder / "ttp.log").write_text(f"{line}\nTraceback \x1b[0m\n")
    async with served.client("analyst") as client:
        found = (await client.get("/api/v1/workers/ttp/log", params={"lines": 3})).json()
        assert [one["message"] for one in found["lines"]] == ["older", 'a "b" c=d', "Traceback \\x1b[0m"]
        assert found["lines"][1]["level"] == "warning"
        newest = (await client.get("/api/v1/workers/ttp/log", params={"lines": 1})).json()["lines"]
        assert len(newest) == 1
        for name in ("../decnet.db", "..%2f..%2fetc%2fpasswd", "nobody"):
            assert (await client.get(f"/api/v1/workers/{name}/log")).status_code in (400, 404)
    async with served.client("viewer") as client:
        assert (await client.get("/api/v1/workers/ttp/log")).status_code == 403


async def test_what_the_fleet_costs_is_measured(served: Served) -> None:
    supervised(served, Status("canary", Phase.READY, pid=os.getpid()))
    async with served.client("viewer") as client:
        found = (await client.get("/api/v1/footprint", params={"seconds": 0.1})).json()
    assert found["workers"][0]["pid"] == os.getpid()
    assert found["total"]["pss"] == sum(row["pss"] for row in found["workers"])
    assert found["hidden"] == []


async def test_the_status_says_first_what_is_wrong(served: Served) -> None:
    supervised(served, Status("ttp", Phase.CRASH_LOOP, reason="exit code 1"))
    async with running_workers(served.deployment, "ingest"), served.client("viewer") as client:
        found = (await client.get("/api/v1/status")).json()
        report = (await client.get("/api/v1/status/report")).json()
    assert found["wrong"][0].startswith("down: ")
    assert "ttp" in found["down"]
    assert "ingest" not in found["down"]
    assert found["workers"]["running"] == 1
    assert found["database_error"] is None
    assert report["supervised"]["ttp"]["phase"] == "crash loop"
    assert report["workers"]["ingest"]["state"] == "running"
    assert report["progress"]["last_seq"] == 0


async def test_workers_are_asked_over_the_connection_that_the_api_has(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_workers(served.deployment, "ingest") as heard, served.client("admin") as client:
        kept = await connect(served.deployment.bus_url, name="api", wait=5)
        monkeypatch.setattr(served.application.state.fleet, "bus", kept)
        monkeypatch.setattr(bus_access, "bus_client", None)  # who opens another one fails
        listed = (await client.get("/api/v1/workers")).json()
        assert {one["name"]: one["state"] for one in listed["items"]}["ingest"] == "running"
        assert (await client.get("/api/v1/status")).json()["bus_reached"]
        assert (await client.post("/api/v1/workers/ingest/pause")).json()["state"] == "paused"
        assert heard.orders == [("ingest", "pause")]
        assert kept.connected, "it is the worker's, and stays open"
        await kept.close()
        monkeypatch.undo()
        monkeypatch.setattr(served.application.state.fleet, "bus", kept)
        assert (await client.get("/api/v1/status")).json()["bus_reached"], (
            "one that is lost is replaced for the request"
        )
