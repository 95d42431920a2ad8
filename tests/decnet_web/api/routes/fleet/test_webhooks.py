# SPDX-License-Identifier: MIT
"""Receivers of notices: secrets are shown once and to nobody else, changes need what was seen, dead letters replay."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from tests.decnet_web.api.served import Served, serving

from decnet.fleet.deployment import transaction
from decnet_models.accounts.audit import entries
from decnet_models.notices import queries as notices
from decnet_models.webhooks import delivery_queries
from decnet_models.webhooks.delivery_queries import NewDelivery

TOKEN = "xoxb-very-secret-token"  # a test's


@pytest.fixture
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("fleet")) as served:
        yield served


async def add(served: Served, url: str = "https://example.org/hook", **more: Any) -> Any:
    async with served.client("admin") as client:
        answer = await client.post("/api/v1/webhooks", json={"url": url, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_receiver_is_added_and_its_secret_is_in_that_answer_alone(served: Served) -> None:
    made = await add(served, kinds=["canary.*"], severity="high", sources=["10.0.0.0/8"])
    assert made["secret"].startswith("whsec_")
    async with served.client("viewer") as client:
        listed = await client.get("/api/v1/webhooks")
        one = await client.get(f"/api/v1/webhooks/{made['webhook']['id']}")
    assert made["secret"] not in listed.text + one.text
    (row,) = listed.json()["items"]
    assert (row["selection"]["severity"], row["selection"]["sources"], row["state"]) == ("high", ["10.0.0.0/8"], "good")
    async with served.client("analyst") as client:
        assert (await client.get(f"/api/v1/webhooks/{row['id']}/secret")).status_code == 403
    async with served.client("admin") as client:
        again = (await client.get(f"/api/v1/webhooks/{row['id']}/secret")).json()
        assert again["secret"] == made["secret"]
        rotated = (await client.post(f"/api/v1/webhooks/{row['id']}/rotate")).json()
        assert rotated["secret"] != made["secret"]
    with transaction(served.deployment) as connection:
        actions = [one.action for one in entries(connection, 3)]
        assert actions == ["webhook.rotate", "webhook.secret", "webhook.add"]


async def test_neither_token_nor_secret_url_is_shown_or_audited(served: Served) -> None:
    url = "https://hooks.slack.com/services/T000/B000/" + "s" * 24
    made = await add(served, url, format="slack")
    other = await add(served, "https://api.opsgenie.com/v2/alerts", format="opsgenie", token=TOKEN)
    async with served.client("admin") as client:
        for one in (made, other):
            patch = {"digest": one["webhook"]["digest"], "token": TOKEN} if one is other else None
            if patch:
                assert (await client.patch(f"/api/v1/webhooks/{one['webhook']['id']}", json=patch)).status_code == 200
        text = (await client.get("/api/v1/webhooks")).text
    assert "ssss" not in text
    assert TOKEN not in text
    with transaction(served.deployment) as connection:
        assert not any(word in str(entries(connection, 100)) for word in ("ssss", TOKEN))
    async with served.client("admin") as client:
        bad = await client.post("/api/v1/webhooks", json={"url": url, "format": "slack", "token": [TOKEN]})
        assert bad.status_code == 422
        assert TOKEN not in bad.text


async def test_a_change_or_removal_needs_the_state_that_was_seen(served: Served) -> None:
    one = (await add(served))["webhook"]
    path = f"/api/v1/webhooks/{one['id']}"
    async with served.client("admin") as client:
        changed = await client.patch(path, json={"digest": one["digest"], "kinds": ["canary.*"], "score": 50})
        assert changed.status_code == 200
        assert (changed.json()["kinds"], changed.json()["selection"]["score"]) == (["canary.*"], 50)
        stale = await client.patch(path, json={"digest": one["digest"], "kinds": []})
        assert stale.status_code == 409
        assert stale.json()["title"] == "Changed meanwhile"
        assert (await client.delete(path, params={"digest": one["digest"]})).status_code == 409
        assert (await client.delete(path)).status_code == 422
        assert (await client.delete(path, params={"digest": "\u00e4"})).status_code == 409
        assert (await client.delete(path, params={"digest": changed.json()["digest"]})).status_code == 204
        assert (await client.get(path)).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"url": "ftp://example.org/"},
        {"url": "javascript:alert(1)"},
        {"url": "https://example.org/", "kinds": ["canery.*"]},
        {"url": "https://example.org/", "severity": "worst"},
        {"url": "https://example.org/", "sources": ["nowhere"]},
        {"url": "https://example.org/", "techniques": ["T1"]},
        {"url": "https://example.org/", "hours": ["always"]},
        {"url": "https://example.org/", "format": "carrier-pigeon"},
        {"url": ""},
    ],
)
async def test_bad_receivers_are_refused_and_nothing_is_added(served: Served, body: dict[str, object]) -> None:
    async with served.client("admin") as client:
        answer = await client.post("/api/v1/webhooks", json=body)
        assert answer.status_code == 422
        assert answer.json()["detail"]
        assert (await client.get("/api/v1/webhooks")).json()["items"] == []


async def test_a_body_of_another_type_is_refused_with_the_one_to_send(served: Served) -> None:
    toml = {"Content-Type": "application/toml"}
    async with served.client("admin") as client:
        for path, body, words in (
            ("/api/v1/webhooks", {"content": b"x", "headers": toml}, "send JSON: Content-Type: application/json"),
            ("/api/v1/canaries/import", {"json": {"tokens": []}}, "send the file itself"),
        ):
            answer = await client.post(path, **body)
            assert (answer.status_code, words in answer.json()["detail"]) == (415, True)
        assert (await client.post("/api/v1/webhooks", json=[])).status_code == 422


async def test_a_test_without_a_worker_says_so(served: Served) -> None:
    one = (await add(served))["webhook"]
    async with served.client("analyst") as client:
        outcome = (await client.post(f"/api/v1/webhooks/{one['id']}/test", json={})).json()
    assert not outcome["delivered"]
    assert "is the webhook worker running?" in outcome["words"]


async def test_deliveries_are_paged_and_the_dead_are_replayed(served: Served) -> None:
    one = (await add(served))["webhook"]["id"]
    now = time.time_ns()
    with transaction(served.deployment, write=True) as connection:
        delivery_queries.add_deliveries(connection, [NewDelivery(one, 3, "canary.hit", "{}")], now_ns=now)
        delivery_queries.give_up(connection, one, "nobody there", created_before=now + 1, now_ns=now)
        others = [NewDelivery(one, seq, "canary.hit", "{}") for seq in (1, 2, 4, 5)]
        delivery_queries.add_deliveries(connection, others, now_ns=now)
    async with served.client("analyst") as client:
        first = (await client.get("/api/v1/webhooks/deliveries", params={"webhook": one, "limit": 3})).json()
        rest = (await client.get("/api/v1/webhooks/deliveries", params={"webhook": one, "after": first["next"]})).json()
        assert [row["notice_seq"] for row in [*first["items"], *rest["items"]]] == [5, 4, 3, 2, 1]
        for of, order in (({}, [3, 1, 2, 4, 5]), ({"webhook": one}, [1, 2, 3, 4, 5])):  # all: as they were made
            asked = {**of, "direction": "asc"}
            first = (await client.get("/api/v1/webhooks/deliveries", params={**asked, "limit": 3})).json()
            rest = (await client.get("/api/v1/webhooks/deliveries", params={**asked, "after": first["next"]})).json()
            assert [row["notice_seq"] for row in [*first["items"], *rest["items"]]] == order
        dead = (await client.get("/api/v1/webhooks/deliveries", params={"state": "dead"})).json()["items"]
        assert [row["notice_seq"] for row in dead] == [3]
        taken = await client.post(f"/api/v1/webhooks/{one}/replay", json={"delivery": dead[0]["id"]})
        assert taken.json() == {"count": 1}
        assert (await client.post(f"/api/v1/webhooks/{one}/replay", json={"delivery": 999})).status_code == 404
    async with served.client("viewer") as client:
        assert (await client.get("/api/v1/webhooks/deliveries")).status_code == 403


async def test_formats_say_what_they_need(served: Served) -> None:
    async with served.client("viewer") as client:
        found = (await client.get("/api/v1/webhooks/formats")).json()
    formats = {one["name"]: one for one in found["items"]}
    assert formats["slack"]["secret_url"]
    assert formats["telegram"]["token"]
    assert all(one["meaning"] for one in found["notices"])


async def test_a_report_is_sent_to_those_who_receive_reports(served: Served) -> None:
    async with served.client("admin") as admin, served.client("analyst") as analyst:
        for one in (await admin.get("/api/v1/webhooks")).json()["items"]:
            await admin.delete(f"/api/v1/webhooks/{one['id']}")
        nobody = await analyst.post("/api/v1/reports/sent?since=24h")
        assert nobody.status_code == 404
        assert "report.written" in nobody.json()["detail"]
        body = {"url": "https://hooks.example/r", "format": "json", "kinds": ["report.written"]}
        added = await admin.post("/api/v1/webhooks", json=body)
        assert added.status_code == 201, added.text
        sent = await analyst.post("/api/v1/reports/sent?since=24h")
    assert sent.status_code == 201
    assert [(one["format"], one["url"]) for one in sent.json()["receivers"]] == [("json", "https://hooks.example/r")]
    with transaction(served.deployment) as connection:
        assert [one.kind for one in notices.after(connection, 0, 10)][-1] == "report.written"
        assert entries(connection, 1)[0].action == "report.send"
