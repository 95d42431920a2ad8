# SPDX-License-Identifier: MIT
"""Canary tokens: made, listed with their uses, downloaded, planted on a decky that is not there, exported."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.decnet_web.api.served import Served, serving

from decnet.fleet.deployment import transaction
from decnet_models.accounts.audit import entries
from decnet_models.attackers.tables import attacker, canary_hit
from decnet_models.canary import queries

FILE = {"Content-Type": "application/octet-stream"}


@pytest.fixture
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("fleet")) as served:
        yield served


async def make(served: Served, **asked: str) -> Any:
    async with served.client("analyst") as client:
        answer = await client.post("/api/v1/canaries", json={"label": "wiki", **asked})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def get(served: Served, path: str, **params: Any) -> Any:
    async with served.client("viewer") as client:
        return (await client.get(f"/api/v1{path}", params=params)).json()


def hit(served: Served, token: str, *seqs: int, scanner: str | None = None) -> None:
    with transaction(served.deployment, write=True) as connection:
        for seq in seqs:
            ip = f"192.0.2.{seq}"
            connection.execute(attacker.insert().values(ip=ip, events=1, first_seen=seq, last_seen=seq))
            connection.execute(
                canary_hit.insert().values(
                    seq=seq, attacker=ip, token=token, channel="http", ts=seq, target="/", scanner=scanner,
                    user_agent="<script>alert(1)</script>",
                )
            )  # fmt: skip


async def test_a_link_is_made_and_its_uses_are_counted(served: Served) -> None:
    one = await make(served, kind="url")
    assert one["content"] == one["place"]
    assert one["file"] is None
    hit(served, one["token"], 1, 2)
    hit(served, one["token"], 3, scanner="proofpoint")
    (listed,) = (await get(served, "/canaries"))["items"]
    assert (listed["hits"], listed["scanners"], listed["attackers"]) == (3, 1, 3)
    assert "content" not in listed
    hits = await get(served, "/canaries/hits", token=one["token"], limit=2)
    assert [each["seq"] for each in hits["items"]] == [3, 2]
    rest = await get(served, "/canaries/hits", token=one["token"], after=hits["next"])
    assert [each["seq"] for each in rest["items"]] == [1]
    assert rest["items"][0]["user_agent"] == "<script>alert(1)</script>"
    oldest = await get(served, "/canaries/hits", direction="asc", limit=2)
    later = await get(served, "/canaries/hits", direction="asc", after=oldest["next"])
    assert [each["seq"] for each in [*oldest["items"], *later["items"]]] == [1, 2, 3]


async def test_tokens_are_listed_in_pages_newest_first_and_by_kind(served: Served) -> None:
    tokens = [(await make(served, label=str(number)))["token"] for number in range(5)]
    await make(served, kind="dns")
    first = await get(served, "/canaries", kind="url", limit=3)
    rest = await get(served, "/canaries", kind="url", limit=3, after=first["next"])
    assert [one["token"] for one in [*first["items"], *rest["items"]]] == tokens[::-1]
    oldest = await get(served, "/canaries", kind="url", direction="asc", limit=3)
    later = await get(served, "/canaries", kind="url", direction="asc", after=oldest["next"])
    assert [one["token"] for one in [*oldest["items"], *later["items"]]] == tokens


async def test_a_file_is_downloaded_as_an_attachment_that_no_browser_shows_and_that_is_audited(served: Served) -> None:
    one = await make(served, kind="html", label="payroll")
    assert one["content"] is None
    async with served.client("analyst") as client:
        answer = await client.get(f"/api/v1/canaries/{one['token']}/download")
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert len(answer.content) == one["file"]["size"]
    with transaction(served.deployment) as connection:
        assert [each.action for each in entries(connection, 2)] == ["canary.download", "canary.make"]
    async with served.client("viewer") as client:
        assert (await client.get(f"/api/v1/canaries/{one['token']}/download")).status_code == 403


async def test_a_link_has_no_file(served: Served) -> None:
    one = await make(served)
    async with served.client("analyst") as client:
        assert (await client.get(f"/api/v1/canaries/{one['token']}/download")).status_code == 404


async def test_what_a_kind_needs_is_told(served: Served) -> None:
    kinds = {one["kind"]: one for one in (await get(served, "/canaries/kinds"))["items"]}
    assert kinds["redirect"]["needs"] == ["to"]
    assert not kinds["wireguard"]["available"]
    async with served.client("analyst") as client:
        for kind, status in (("redirect", 422), ("wireguard", 409), ("nothing", 422)):
            answer = await client.post("/api/v1/canaries", json={"label": "x", "kind": kind})
            assert answer.status_code == status
        for to in ("javascript:alert(1)", "https://x/ y", "https://пример/"):
            answer = await client.post("/api/v1/canaries", json={"label": "x", "kind": "redirect", "to": to})
            assert answer.status_code == 422
        empty = await client.post("/api/v1/canaries", json={"label": ""})
        assert (empty.status_code, "label is empty" in empty.json()["detail"]) == (422, True)
    assert (await get(served, "/canaries"))["items"] == []


@pytest.mark.parametrize("kind", ["aws", "env", "docx", "qr", "ssh-key", "pdf", "connection"])
async def test_every_sort_of_kind_can_be_made(served: Served, kind: str) -> None:
    one = await make(served, kind=kind)
    assert (one["file"] is None) == (one["content"] is not None)


async def test_disabling_enabling_and_removing(served: Served) -> None:
    one = await make(served)
    path = f"/api/v1/canaries/{one['token']}"
    async with served.client("analyst") as client:
        assert (await client.post(f"{path}/disable")).json()["disabled"]
        assert not (await client.post(f"{path}/enable")).json()["disabled"]
        assert (await client.delete(path)).status_code == 204
        assert (await client.delete(path)).status_code == 404
    async with served.client("viewer") as client:
        assert (await client.delete(path)).status_code == 403


async def test_planting_where_no_fleet_runs_says_so_and_records_nothing(served: Served) -> None:
    one = await make(served, kind="env")
    async with served.client("analyst") as client:
        path = f"/api/v1/canaries/{one['token']}/plant"
        assert (await client.post(path, json={"decky": "nobody"})).status_code == 404
        refused = await client.post(path, json={"decky": "web-01"})
        assert refused.status_code == 409
        assert "cannot plant on web-01" in refused.json()["detail"]
    assert (await get(served, f"/canaries/{one['token']}"))["plantings"] == []


async def test_a_document_is_instrumented_by_its_ending(served: Served) -> None:
    async with served.client("analyst", **FILE) as client:
        page = b"<html><body><p>hello</p></body></html>"
        made = await client.post(
            "/api/v1/canaries/instrument", params={"name": "..\\a/notes.html"}, content=page, headers=FILE
        )
        assert made.status_code == 201
        one = made.json()
        assert (one["label"], one["file"]["name"]) == ("notes.html", "notes-canary.html")
        assert one["token"].encode() in (await client.get(f"/api/v1/canaries/{one['token']}/download")).content
        bad = await client.post(
            "/api/v1/canaries/instrument", params={"name": "a.docx"}, content=b"no document", headers=FILE
        )
        assert bad.status_code == 422
        exe = await client.post("/api/v1/canaries/instrument", params={"name": "a.exe"}, content=b"MZ")
        assert exe.status_code == 422
    assert len((await get(served, "/canaries"))["items"]) == 1


async def test_an_export_comes_back_whole_and_only_to_an_admin(served: Served) -> None:
    one = await make(served, kind="env")
    async with served.client("admin", **FILE) as client:
        document = (await client.get("/api/v1/canaries/export")).content
        known = await client.post("/api/v1/canaries/import", content=document)
        assert known.json() == {"new": 0, "known": 1}
        with transaction(served.deployment, write=True) as connection:
            queries.remove_token(connection, one["token"])
        assert (await client.post("/api/v1/canaries/import", content=document)).json() == {
            "new": 1,
            "known": 0,
        }
        assert (await client.post("/api/v1/canaries/import", content=b"{}")).status_code == 409
    async with served.client("analyst") as client:
        assert (await client.get("/api/v1/canaries/export")).status_code == 403


async def test_the_delegation_is_checked_with_what_to_do(served: Served) -> None:
    async with served.client("analyst") as client:
        found = (await client.post("/api/v1/canaries/check-dns", json={"resolver": "127.0.0.1"})).json()
    assert not found["good"]
    assert any(step["remedy"] for step in found["steps"])


@pytest.mark.parametrize("path", ["/canaries", "/known", "/tokens"])
async def test_a_label_with_an_unseen_character_is_refused_and_nothing_is_written(served: Served, path: str) -> None:
    bodies = {
        "/canaries": {"kind": "url", "label": "pay\u202eroll"},
        "/known": {"network": "203.0.113.9", "label": "pay\u202eroll"},
        "/tokens": {"name": "pay\u202eroll"},
    }
    async with served.client("admin") as client:
        before = (await client.get(f"/api/v1{path}")).json()["items"]
        answer = await client.post(f"/api/v1{path}", json=bodies[path])
        assert (answer.status_code, "U+202E RIGHT-TO-LEFT" in answer.json()["detail"]) == (422, True)
        assert len((await client.get(f"/api/v1{path}")).json()["items"]) == len(before)
