# SPDX-License-Identifier: MIT
"""What operators decide over the API: groups, incidents, silences, known sources; each write is audited."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.decnet_web.api.routes.filled import NASTY, OURS, A, B, C, fill
from tests.decnet_web.api.served import Served, serving

from decnet.fleet.deployment import transaction
from decnet.grouping.naming import group_named
from decnet_models.accounts.audit import entries
from decnet_models.grouping.changes import merge
from decnet_models.grouping.decisions import all_decisions
from decnet_models.identities.tables import IDENTITIES

API = "/api/v1"
MARKUP = "<b>scanner</b>"


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("filled")
    with serving(root) as made:
        fill(made.deployment)
    return root


@pytest.fixture
def served(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One for each test: they write."""
    with serving(tmp_path_factory.mktemp("fleet"), like=filled) as made:
        yield made


def actions(served: Served) -> list[tuple[str, str, str | None]]:
    with transaction(served.deployment) as connection:
        return [(one.actor, one.action, one.object) for one in entries(connection)]


def decisions(served: Served) -> list[Any]:
    with transaction(served.deployment) as connection:
        return all_decisions(connection, IDENTITIES, withdrawn=True)


async def test_a_split_is_previewed_then_written_then_withdrawn(served: Served) -> None:
    async with served.client("analyst") as client:
        whole = (await client.get(f"{API}/identities/{A}")).json()
        assert [one["subject"] for one in whole["members"]] == [A, B]
        assert whole["members"][0]["because"][0]["kind"] == "ssh_key"
        path, body = f"{API}/identities/{whole['group']['id']}/split", {"subjects": [B], "reason": NASTY}
        preview = (await client.post(path, json={**body, "dry_run": True})).json()
        assert (preview["written"], preview["subjects"]) == (False, [A, B])
        assert decisions(served) == []
        made = (await client.post(path, json=body)).json()
        assert made["written"] is True
        (decision,) = made["decisions"]
        assert (decision["kind"], decision["author"], decision["reason"]) == ("apart", "analyst", NASTY)
        unlike = {"created_at": 0, "id": 0}  # PostgreSQL does not give again a number that was rolled back
        assert {**decision, **unlike} == {**preview["decisions"][0], **unlike}
        gone = await client.post(f"{API}/identities/{whole['group']['id']}/withdraw", json={"decision": decision["id"]})
        assert gone.status_code == 200
        again = await client.post(
            f"{API}/identities/{whole['group']['id']}/withdraw", json={"decision": decision["id"]}
        )
        assert again.status_code == 404
    assert decisions(served)[0].withdrawn_at is not None
    assert [action for _, action, _ in actions(served)] == ["identity.withdraw", "identity.split"]


async def test_join_and_pin_name_who_decided(served: Served) -> None:
    async with served.client("analyst") as client:
        joined = await client.post(f"{API}/identities/{A}/join", json={"subjects": [C]})
        assert joined.json()["decisions"][0]["kind"] == "together", joined.text
        pinned = await client.post(f"{API}/identities/{A}/pin", json={"subject": A})
        assert pinned.json()["decisions"][0]["kind"] == "pinned", pinned.text
        undone = await client.post(f"{API}/identities/{A}/undo", json={"change": 999})
        assert undone.status_code == 404


async def test_what_needs_no_group_is_decided_by_names_and_numbers(served: Served) -> None:
    async with served.client("analyst") as client:
        parted = await client.post(f"{API}/identities/separations", json={"subjects": [A, C]})
        (decision,) = parted.json()["decisions"]
        assert (decision["kind"], decision["author"]) == ("apart", "analyst")
        path = f"{API}/identities/decisions/{decision['id']}/withdraw"
        assert [(await client.post(path)).status_code for _ in range(2)] == [200, 404]
        with transaction(served.deployment, write=True) as connection:
            here, there = (group_named(connection, IDENTITIES, one) for one in (A, C))
            merge(connection, IDENTITIES, there, here, weight=1.0, because=(), now_ns=1)
        (change,) = (await client.get(f"{API}/identities/{A}")).json()["changes"]
        path, body = f"{API}/identities/changes/{change['id']}/undo", {"reason": NASTY}
        preview = await client.post(path, json={**body, "dry_run": True})
        assert preview.json()["written"] is False
        undone = (await client.post(path, json=body)).json()["decisions"]
        assert [(one["kind"], one["change"], one["reason"]) for one in undone] == [("undone", change["id"], NASTY)]
        assert (await client.post(f"{API}/identities/changes/999/undo", json=body)).status_code == 404
        same = await client.post(f"{API}/identities/separations", json={"subjects": [A, A]})
        assert same.status_code == 422
    assert [action for _, action, _ in actions(served)] == ["identity.undo", "identity.withdraw", "identity.split"]


@pytest.mark.parametrize(
    ("verb", "body"),
    [
        ("split", {"subjects": [C]}),
        ("split", {"subjects": [A, B]}),
        ("split", {"subjects": []}),
        ("split", {"subjects": [B], "unknown": 1}),
        ("join", {"subjects": ["no address"]}),
        ("pin", {"subject": "x" * 65}),
    ],
)
async def test_what_cannot_be_decided_writes_nothing(served: Served, verb: str, body: dict[str, Any]) -> None:
    async with served.client("analyst") as client:
        answer = await client.post(f"{API}/identities/{A}/{verb}", json=body)
    assert answer.status_code in (404, 422), answer.text
    assert decisions(served) == []
    assert actions(served) == []


async def test_a_graph_has_evidence_on_its_edges(served: Served) -> None:
    async with served.client("viewer") as client:
        graph = (await client.get(f"{API}/identities/{A}/graph")).json()
    kinds = {one["id"]: one["kind"] for one in graph["nodes"]}
    assert sorted(kinds.values()) == ["attacker", "attacker", "identity", "ssh_key"]
    assert all(one["source"] in kinds and one["target"] in kinds for one in graph["edges"])
    assert {one["because"][0]["kind"] for one in graph["edges"] if one["because"]} == {"ssh_key"}


async def test_the_second_who_acknowledges_is_told_who_was_first(served: Served) -> None:
    async with served.client("analyst") as first, served.client("admin") as second:
        done = (await first.post(f"{API}/incidents/1/acknowledge", json={"note": NASTY})).json()
        assert (done["done"], done["earlier"]) == (True, None)
        late = await second.post(f"{API}/incidents/1/acknowledge", json={})
        assert late.status_code == 200
        assert (late.json()["done"], late.json()["earlier"]["who"]) == (False, "analyst")
        await second.post(f"{API}/incidents/1/notes", json={"note": "called the owner"})
        both = (await second.post(f"{API}/incidents/close", json={"incidents": [1, 2]})).json()
        assert [one["done"] for one in both["items"]] == [True, True]
        page = (await second.get(f"{API}/incidents/1")).json()
    assert page["summary"]["state"] == "closed"
    assert [(one["verb"], one["who"]) for one in page["actions"]] == [
        ("acknowledged", "analyst"),
        ("note", "admin"),
        ("closed", "admin"),
    ]
    assert page["timeline"][0]["line"].startswith("=cmd")
    assert [action for _, action, _ in actions(served)] == [
        *("incident.closed", "incident.closed", "incident.note", "incident.acknowledged"),
    ]


async def test_several_incidents_or_none(served: Served) -> None:
    async with served.client("analyst") as client:
        answer = await client.post(f"{API}/incidents/acknowledge", json={"incidents": [1, 99]})
        assert answer.status_code == 404
        assert (await client.get(f"{API}/incidents/1")).json()["summary"]["state"] == "new"
    assert actions(served) == []


@pytest.mark.parametrize(
    ("parameters", "numbers"),
    [
        ({}, [2, 1]),
        ({"attacker": A}, [1]),
        ({"technique": "T1003.008"}, [1]),
        ({"token": "sharepoint"}, [2]),
        ({"severity": "critical"}, []),
        ({"state": "closed"}, []),
        ({"decky": "%"}, []),
        ({"min_score": 99}, []),
    ],
)
async def test_incidents_are_selected(served: Served, parameters: dict[str, Any], numbers: list[int]) -> None:
    async with served.client("viewer") as client:
        found = (await client.get(f"{API}/incidents", params=parameters)).json()["items"]
    assert [one["incident"] for one in found] == numbers


async def test_a_silence_is_made_listed_and_ended(served: Served) -> None:
    async with served.client("analyst") as client:
        made = await client.post(f"{API}/silences", json={"sources": ["192.0.2.0/24"], "until": "2h", "reason": NASTY})
        assert made.status_code == 201, made.text
        assert (made.json()["sources"], made.json()["who"]) == (["192.0.2.0/24"], "analyst")
        assert len((await client.get(f"{API}/silences")).json()["items"]) == 1
        path = f"{API}/silences/{made.json()['id']}"
        assert (await client.delete(path)).status_code == 204
        assert (await client.delete(path)).status_code == 404
        for wrong in ({}, {"sources": ["x"]}, {"deckies": ["web-*"], "until": "1999-01-01"}, {"techniques": ["T1"]}):
            answer = await client.post(f"{API}/silences", json=wrong)
            assert answer.status_code == 422
            assert "--" not in answer.text  # options of commands
    assert [action for _, action, _ in actions(served)] == ["silence.end", "silence.add"]


async def test_a_known_source_is_added_and_removed(served: Served) -> None:
    async with served.client("analyst") as client:
        made = await client.post(f"{API}/known", json={"network": "192.0.2.7/24", "label": MARKUP, "until": "8h"})
        assert made.status_code == 201, made.text
        assert made.json()["source"]["network"] == "192.0.2.0/24"
        assert sorted(made.json()["scored"]) == [A, B]
        forgotten = await client.post(f"{API}/known/{made.json()['source']['id']}/forget")
        number = forgotten.json()["id"]
        assert forgotten.json()["forget"] is True
        for counts in ("overview", "summary"):  # 10.0.0.0/8 was added within the hour, too
            assert (await client.get(f"{API}/{counts}", params={"since": "1h"})).json()["made_known"] == 2, counts
        assert [one["network"] for one in (await client.get(f"{API}/known")).json()["items"]] == [
            "10.0.0.0/8",
            "192.0.2.0/24",
        ]
        assert (await client.delete(f"{API}/known/{number}")).status_code == 204
        assert (await client.delete(f"{API}/known/{number}")).status_code == 404
        for wrong in (
            {"network": "x"},
            {"network": OURS, "kind": "no"},
            {"network": OURS, "port": 1, "forget": True},
            {"network": OURS, "label": NASTY},  # its escape is not seen
        ):
            assert (await client.post(f"{API}/known", json=wrong)).status_code == 422
        everybody = await client.post(f"{API}/known", json={"network": "::/0"})
        assert (everybody.status_code, "too large" in everybody.json()["detail"]) == (422, True)
    assert [action for _, action, _ in actions(served)] == ["known.remove", "known.forget", "known.add"]


async def test_viewers_decide_nothing(served: Served) -> None:
    async with served.client("viewer") as client:
        for path, body in (
            (f"/identities/{A}/split", {"subjects": [B]}),
            ("/incidents/1/close", {}),
            ("/silences", {"sources": [A]}),
            ("/known", {"network": A}),
        ):
            assert (await client.post(f"{API}{path}", json=body)).status_code == 403
    assert actions(served) == []


@pytest.mark.parametrize("part", ["deckies", "tags"])
async def test_globs_of_silences_are_visible_and_stored_as_labels_are(served: Served, part: str) -> None:
    async with served.client("analyst") as client:
        hidden = await client.post(f"{API}/silences", json={part: ["web-\u202e01"]})
        assert hidden.status_code == 422
        assert (
            hidden.json()["detail"]
            == f"{part}: the glob has visible characters only, not U+202E RIGHT-TO-LEFT OVERRIDE"
        )
        made = await client.post(f"{API}/silences", json={part: ["cafe\u0301*"]})
        assert made.json()[part] == ["caf\u00e9*"]
        assert (await client.delete(f"{API}/silences/{made.json()['id']}")).status_code == 204
