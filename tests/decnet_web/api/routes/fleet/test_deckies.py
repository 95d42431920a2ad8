# SPDX-License-Identifier: MIT
"""Deckies: the list, plans that are carried out only as they were shown, single changes, mutation, traffic."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from tests.decnet_web.api.served import Served, serving

from decnet.fleet.deployment import transaction
from decnet_models.accounts.audit import entries
from decnet_models.attackers.tables import attacker, attacker_decky
from decnet_models.fleet import change_log, queries, states
from decnet_models.fleet.states import State

WEB = {"name": "shop", "persona": "debian-web", "addresses": ["127.5.0.1"], "services": {"http": 18080}}
NAS = {"name": "files", "persona": "debian-web", "addresses": ["127.5.0.2"], "services": {"http": 18021}}
DOCUMENT = """
[[decky]]
name = "web"
count = 2
address = "127.5.0.10"
persona = "debian-web"
services = { http = 18081 }
"""


@pytest.fixture
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("fleet")) as served:
        yield served


async def post(served: Served, path: str, body: object, *, role: Any = "admin") -> Any:
    async with served.client(role) as client:
        return await client.post(f"/api/v1{path}", json=body)


async def get(served: Served, path: str, **params: Any) -> Any:
    async with served.client("viewer") as client:
        return (await client.get(f"/api/v1{path}", params=params)).json()


def names_stored(served: Served) -> list[str]:
    with transaction(served.deployment) as connection:
        return [one.name for one in queries.deckies(connection)]


async def test_deckies_of_settings_and_database_are_one_list_by_name_in_pages(served: Served) -> None:
    assert (await post(served, "/deckies", WEB)).status_code == 201
    first = await get(served, "/deckies", limit=2)
    second = await get(served, "/deckies", limit=2, after=first["next"])
    assert [row["name"] for row in [*first["items"], *second["items"]]] == ["db-01", "nas-01", "shop", "web-01"]
    assert second["next"] is None
    shop = second["items"][0]
    assert (shop["from_settings"], shop["state"], shop["version"]) == (False, "not looked at yet", 1)
    assert second["items"][1]["from_settings"]


async def test_a_decky_of_the_settings_shows_what_its_visitors_see(served: Served) -> None:
    shown = await get(served, "/deckies/web-01")
    assert (shown["from_settings"], shown["state"], shown["version"]) == (True, "played by decoys", 0)
    assert "root/admin123" in shown["appearance"]["logins"]


async def test_deckies_are_listed_from_the_last_name_too_in_pages(served: Served) -> None:
    assert (await post(served, "/deckies", WEB)).status_code == 201
    first = await get(served, "/deckies", limit=2, direction="desc")
    second = await get(served, "/deckies", limit=2, direction="desc", after=first["next"])
    assert [row["name"] for row in [*first["items"], *second["items"]]] == ["web-01", "shop", "nas-01", "db-01"]
    assert second["next"] is None


async def test_the_state_that_reconciler_found_is_shown(served: Served) -> None:
    await post(served, "/deckies", WEB)
    with transaction(served.deployment, write=True) as connection:
        found = State("shop", 1, "failed", 5, 6, ("port 80 is closed",), "no \x1b[31mroom", 3, 7)
        states.record_state(connection, found)
    shown = await get(served, "/deckies/shop")
    assert shown["state"] == "failed"
    assert "\x1b" not in shown["actual"]["error"]
    assert shown["actual"]["drift"] == ["port 80 is closed"]
    assert shown["appearance"]["mac"]
    assert shown["appearance"]["logins"]


async def test_a_document_is_planned_and_deployed(served: Served) -> None:
    text = DOCUMENT.replace('"web"', '"pages"')
    plan = (await post(served, "/fleet/plan", {"document": text})).json()
    assert [step["decky"]["name"] for step in plan["steps"]] == ["pages-01", "pages-02"]
    assert (await post(served, "/fleet/deploy", {"document": text, "digest": plan["digest"]})).status_code == 200
    assert names_stored(served) == ["pages-01", "pages-02"]


async def test_deploying_needs_the_digest_of_a_plan(served: Served) -> None:
    assert (await post(served, "/fleet/deploy", {"document": DOCUMENT})).status_code == 422
    assert (await post(served, "/fleet/deploy", {"document": DOCUMENT, "digest": "x"})).status_code == 422
    forged = f"{'0' * 16}.{'0' * 64}"
    assert (await post(served, "/fleet/deploy", {"add": [WEB], "digest": forged})).status_code == 409
    assert names_stored(served) == []


async def test_what_is_deployed_is_what_was_planned_to_the_mac_address(served: Served) -> None:
    asked = {"add": [WEB, NAS]}
    plan = (await post(served, "/fleet/plan", asked)).json()
    assert names_stored(served) == []
    done = await post(served, "/fleet/deploy", {**asked, "digest": plan["digest"], "reason": "more bait"})
    assert done.status_code == 200
    assert done.json()["steps"] == plan["steps"]
    seeds = {step["decky"]["name"]: step["decky"]["seed"] for step in plan["steps"]}
    with transaction(served.deployment) as connection:
        assert {one.name: one.seed for one in queries.deckies(connection)} == seeds
        assert entries(connection, 1)[0].detail["add"] == ["files", "shop"]
        change = change_log.history(connection, "shop")[0]
    assert (change.actor, change.reason) == ("admin", "more bait")


async def test_a_plan_that_has_changed_since_is_not_carried_out(served: Served) -> None:
    whole = {"fleet": {"decky": [{**WEB, "name": "kept"}]}}
    plan = (await post(served, "/fleet/plan", whole)).json()
    await post(served, "/deckies", NAS)
    refused = await post(served, "/fleet/deploy", {**whole, "digest": plan["digest"]})
    assert refused.status_code == 409
    assert refused.json()["title"] == "The plan has changed"
    assert names_stored(served) == ["files"]
    again = (await post(served, "/fleet/plan", whole)).json()
    assert {step["kind"] for step in again["steps"]} == {"add", "remove"}
    assert (await post(served, "/fleet/deploy", {**whole, "digest": again["digest"]})).status_code == 200


async def test_another_wish_does_not_pass_with_the_digest_of_a_plan(served: Served) -> None:
    plan = (await post(served, "/fleet/plan", {"add": [WEB]})).json()
    refused = await post(served, "/fleet/deploy", {"add": [WEB, NAS], "digest": plan["digest"]})
    assert refused.status_code == 409
    assert names_stored(served) == []


async def test_the_export_deployed_again_changes_nothing(served: Served) -> None:
    await post(served, "/deckies", WEB)
    document = (await get(served, "/fleet/document"))["document"]
    plan = (await post(served, "/fleet/plan", {"document": document})).json()
    assert (plan["steps"], plan["unchanged"]) == ([], 1)


@pytest.mark.parametrize(
    "body",
    [
        {"document": "[[decky]]\nname = 1"},
        {"document": "not toml ="},
        {"fleet": {"decky": [{"name": "a", "unknown": 1}]}},
        {"fleet": {"decky": "x"}},
        {"document": "", "fleet": {}},
        {},
        {"fleet": {}, "remove": ["x"]},
        {"add": [{**WEB, "name": "a b"}]},
        {"add": [{**WEB, "name": "\u202egnp"}]},
        {"add": [{**WEB, "name": "x" * 64}]},
        {"add": [{**WEB, "surprise": 1}]},
    ],
)
async def test_bad_wishes_are_a_problem_that_says_what_is_wrong(served: Served, body: dict[str, object]) -> None:
    answer = await post(served, "/fleet/plan", body)
    assert answer.status_code == 422
    assert answer.json()["detail"]
    assert "Traceback" not in answer.text


async def test_what_cannot_be_is_refused_whole(served: Served) -> None:
    taken = {**NAS, "addresses": ["127.5.0.1"], "services": {"http": 18080}}
    answer = await post(served, "/fleet/plan", {"add": [WEB, taken, {**WEB, "name": "third", "persona": "nobody"}]})
    assert answer.status_code == 409
    assert "nobody" in answer.json()["detail"]
    assert names_stored(served) == []


async def test_a_decky_is_changed_and_removed_only_as_it_was_seen(served: Served) -> None:
    await post(served, "/deckies", WEB)
    async with served.client("admin") as client:
        changed = await client.patch("/api/v1/deckies/shop", json={"version": 1, "services": {"http": 18090}})
        assert changed.status_code == 200
        assert changed.json()["steps"][0]["differences"][0]["field"] == "services"
        assert (await client.patch("/api/v1/deckies/shop", json={"version": 1, "mac": None})).status_code == 422
        stale = await client.patch("/api/v1/deckies/shop", json={"version": 1, "services": {"http": 18091}})
        assert stale.status_code == 409
        assert (await client.delete("/api/v1/deckies/shop", params={"version": 1})).status_code == 409
        assert (await client.delete("/api/v1/deckies/shop")).status_code == 422
        assert (await client.delete("/api/v1/deckies/shop", params={"version": 2})).status_code == 200
        assert (await client.delete("/api/v1/deckies/nobody", params={"version": 2})).status_code == 404
    changes = await get(served, "/deckies/shop/changes", limit=2)
    assert [one["kind"] for one in changes["items"]] == ["removed", "changed"]
    rest = await get(served, "/deckies/shop/changes", after=changes["next"])
    assert [one["kind"] for one in rest["items"]] == ["added"]
    oldest = await get(served, "/deckies/shop/changes", limit=2, direction="asc")
    assert [one["kind"] for one in oldest["items"]] == ["added", "changed"]
    last = await get(served, "/deckies/shop/changes", after=oldest["next"], direction="asc")
    assert [one["kind"] for one in last["items"]] == ["removed"]


async def test_mutate_changes_a_decky_by_its_policy(served: Served) -> None:
    await post(served, "/deckies", {**WEB, "services": {"http": 18080, "ssh": 18022}})
    assert (await post(served, "/deckies/shop/mutate", {})).status_code == 404
    async with served.client("admin") as client:
        policy = {"every": "7d", "window": "22:00-04:30", "services": {"ssh": 18022}}
        set_ = await client.put("/api/v1/deckies/shop/policy", json=policy)
        assert set_.status_code == 200
        assert set_.json()["window_from"] == 22 * 60
        assert (await client.put("/api/v1/deckies/shop/policy", json={"every": "never"})).status_code == 422
    assert (await get(served, "/mutations"))["items"][0]["differences"]
    assert (await get(served, "/deckies/shop"))["policy"]["every_seconds"] == 7 * 86400
    done = await post(served, "/deckies/shop/mutate", {"force": True})
    assert done.status_code == 200
    with transaction(served.deployment) as connection:
        assert change_log.history(connection, "shop")[0].actor == "admin"
    async with served.client("admin") as client:
        assert (await client.delete("/api/v1/deckies/shop/policy")).status_code == 204
    assert (await get(served, "/deckies/shop"))["policy"] is None


async def test_traffic_is_who_was_on_which_decky_since_a_time(served: Served) -> None:
    now = time.time_ns()
    with transaction(served.deployment, write=True) as connection:
        for number, seen in ((1, now), (2, now - 7200 * 10**9)):
            one = {"events": 3, "first_seen": seen, "last_seen": seen}
            connection.execute(attacker.insert().values(ip=f"192.0.2.{number}", **one))
            connection.execute(attacker_decky.insert().values(attacker=f"192.0.2.{number}", decky="web-01", **one))
    found = await get(served, "/deckies/traffic", since="1h")
    assert [(one["attacker"], one["decky"], one["events"]) for one in found["items"]] == [("192.0.2.1", "web-01", 3)]
    assert len((await get(served, "/deckies/web-01"))["attackers"]) == 2


async def test_only_an_admin_changes_the_fleet(served: Served) -> None:
    for path, body in (("/deckies", WEB), ("/fleet/plan", {"add": [WEB]}), ("/deckies/x/mutate", {})):
        assert (await post(served, path, body, role="analyst")).status_code == 403


async def test_nothing_is_left_of_a_change_whose_audit_fails(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ValueError("no room in the audit")

    monkeypatch.setattr("decnet_web.api.routes.fleet.deckies.plans.record", fail)
    answer = await post(served, "/deckies", WEB)
    assert answer.status_code == 500
    assert "no room" not in answer.text
    assert names_stored(served) == []
    with transaction(served.deployment) as connection:
        assert change_log.history(connection, "shop") == []


async def test_personas_and_images_are_shown(served: Served) -> None:
    personas = (await get(served, "/personas"))["items"]
    assert {"debian-web", "nas"} <= {one["name"] for one in personas}
    await post(served, "/deckies", WEB)
    shown = await get(served, "/personas/debian-web")
    assert shown["deckies"] == ["shop"]
    checked = await post(served, "/personas/check", {"name": "mine", "text": shown["text"]}, role="viewer")
    assert checked.json()["good"], checked.json()
    bad = await post(served, "/personas/check", {"name": "mine", "text": "os = 1"}, role="viewer")
    assert not bad.json()["good"]
    images = (await get(served, "/images"))["items"]
    assert images
    assert (await get(served, f"/images/{images[0]['name']}"))["reference"] == images[0]["reference"]
