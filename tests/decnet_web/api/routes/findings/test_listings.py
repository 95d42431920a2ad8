# SPDX-License-Identifier: MIT
"""Listings of findings over the API: filters, orders, pages, exports; whatever attackers wrote stays text."""

from __future__ import annotations

import csv
import io
from typing import Any

import httpx
import pytest
from tests.decnet_web.api.routes.filled import KEY, NASTY, OURS, SESSION, SHA256, SIX, A, B, C
from tests.decnet_web.api.served import ON_BOTH, Served

pytestmark = ON_BOTH
API = "/api/v1"
PAGED = (
    *("/events", "/attackers", "/attackers?sort=last_seen", "/attackers?sort=events", "/sessions", "/credentials"),
    *("/credentials?sort=last_seen", "/files", "/identities?least=1", "/incidents", "/events?since=30d"),
    *(f"/identities/{A}/members", "/techniques/T1003.008", f"/events?source={A}", "/events?q=toor"),
)


async def items(client: httpx.AsyncClient, path: str, **parameters: Any) -> list[dict[str, Any]]:
    """Return the items of all pages of one row."""
    found: list[dict[str, Any]] = []
    after = None
    while True:
        asked = {"limit": 1, **parameters, **({"after": after} if after else {})}
        answer = await client.get(httpx.URL(f"{API}{path}").copy_merge_params(asked))
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += page["items"]
        if (after := page["next"]) is None:
            return found


@pytest.mark.parametrize("path", PAGED)
async def test_pages_of_one_row_are_together_one_page(served: Served, path: str) -> None:
    async with served.client("viewer") as client:
        whole = (await client.get(f"{API}{path}")).json()
        assert whole["next"] is None
        assert whole["items"]
        assert await items(client, path) == whole["items"]


@pytest.mark.parametrize("path", PAGED)
async def test_a_listing_goes_both_ways(served: Served, path: str) -> None:
    async with served.client("viewer") as client:
        usual = (await client.get(f"{API}{path}")).json()["items"]
        lowest = await items(client, path, direction="asc")
        assert await items(client, path, direction="desc") == lowest[::-1]
    assert usual == (lowest if path.endswith("/members") else lowest[::-1])


@pytest.mark.parametrize("path", ["/users", "/tokens?everybody=true"])
async def test_people_and_their_tokens_are_listed_both_ways(served: Served, path: str) -> None:
    async with served.client("admin") as client:
        first = await items(client, path, direction="asc")
        last = await items(client, path, direction="desc")
        usual = (await client.get(f"{API}{path}")).json()["items"]
    assert len(first) == 3
    assert first == last[::-1]
    assert usual == (first if path == "/users" else last)


@pytest.mark.parametrize(
    ("parameters", "sources"),
    [
        ({}, [A] * 8 + [B] * 2 + [C, SIX]),
        ({"known": "true"}, [A] * 8 + [B] * 2 + [C, SIX, OURS]),
        ({"source": OURS}, [OURS]),
        ({"source": "2001:DB8:0::7"}, [SIX]),
        ({"kind": "canary.hit"}, [C]),
        ({"kind": ["canary.hit", "http.request"]}, [B, C]),
        ({"decky": "db-1"}, [B, B]),
        ({"session": SESSION}, [A] * 4),
        ({"q": "src:192.0.2.0/24 -src:192.0.2.7"}, [B, B]),
        ({"q": '"onerror=alert(1)" -kind:auth.attempt'}, [A, A, B, C]),
        ({"q": "shadow"}, [A]),
        ({"q": "port:23"}, []),
        ({"since": "2026-11-24T00:00:12Z"}, [SIX]),
        ({"until": "2026-11-24T00:00:02.5Z"}, [A, A]),
    ],
)
async def test_events_are_selected(served: Served, parameters: dict[str, Any], sources: list[str]) -> None:
    async with served.client("viewer") as client:
        answer = await client.get(f"{API}/events", params=parameters)
    assert answer.status_code == 200, answer.text
    assert sorted(one["src_ip"] for one in answer.json()["items"]) == sorted(sources)


async def test_a_query_that_is_wrong_says_where(served: Served) -> None:
    async with served.client("viewer") as client:
        answer = await client.get(f"{API}/events", params={"q": "toor knid:auth.attempt"})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    found = answer.json()
    assert (found["at"], found["length"]) == (5, len("knid:auth.attempt"))
    assert "did you mean kind:" in found["detail"]


@pytest.mark.parametrize(
    ("parameters", "addresses"),
    [
        ({}, [A, C, B, SIX]),
        ({"sort": "last_seen"}, [SIX, C, B, A]),
        ({"min_score": 30}, [A, C]),
        ({"q": "192.0.2."}, [A, B]),
        ({"q": "192.0.2.0/29"}, [A]),
        ({"q": "2001:db8::/32"}, [SIX]),
        ({"q": "%"}, []),
        ({"q": "192.0.2._"}, []),
        ({"decky": "db-1"}, [B]),
        ({"decky": "%"}, []),
        ({"service": "http"}, [B]),
        ({"technique": "T1003.008"}, [A]),
        ({"file": SHA256}, [A]),
        ({"fingerprint": KEY}, [A, B]),
        ({"fingerprint": KEY, "fingerprint_type": "ssh.public_key"}, [A, B]),
        ({"fingerprint": KEY, "fingerprint_type": "http.user_agent"}, []),
        ({"verdict": "malicious"}, []),
        ({"since": "2026-11-24T00:00:11Z"}, [C, SIX]),
        ({"until": "2026-11-23T00:00:00Z"}, []),
        ({"identity": "00000000-0000-0000-0000-000000000000"}, []),
    ],
)
async def test_attackers_are_selected(served: Served, parameters: dict[str, Any], addresses: list[str]) -> None:
    async with served.client("viewer") as client:
        answer = await client.get(f"{API}/attackers", params=parameters)
    assert answer.status_code == 200, answer.text
    assert [one["ip"] for one in answer.json()["items"]] == addresses


async def test_attackers_of_an_identity_and_with_a_credential_are_found(served: Served) -> None:
    async with served.client("viewer") as client:
        identity = (await client.get(f"{API}/attackers/{A}")).json()["identity"]
        assert [one["ip"] for one in await items(client, "/attackers", identity=identity)] == [A, B]
        shared = next(one for one in await items(client, "/credentials") if one["public_key"] == KEY)
        assert shared["attackers"] == 2
        assert [one["ip"] for one in await items(client, "/attackers", credential=shared["digest"])] == [A, B]
        path = f"/credentials/{shared['digest']}/uses"
        uses = await items(client, path)
        assert await items(client, path, direction="desc") == uses[::-1]
        assert sorted(one["attacker"] for one in uses) == [A, B]


@pytest.mark.parametrize(
    ("parameters", "number"),
    [({"q": "%"}, 1), ({"q": "toor"}, 2), ({"q": "t__r"}, 0), ({"accepted": "true"}, 1), ({"min_attackers": 2}, 1)],
)
async def test_credentials_are_selected(served: Served, parameters: dict[str, Any], number: int) -> None:
    async with served.client("viewer") as client:
        assert len(await items(client, "/credentials", **parameters)) == number


@pytest.mark.parametrize(
    ("parameters", "number"),
    [
        ({}, 1),
        ({"attacker": A}, 1),
        ({"attacker": B}, 0),
        ({"user": "root"}, 1),
        ({"user": "%"}, 0),
        ({"recorded": "false"}, 0),
        ({"recorded": "true", "decky": "web-1", "service": "ssh"}, 1),
        ({"since": "2026-11-25T00:00:00Z"}, 0),
    ],
)
async def test_sessions_are_selected(served: Served, parameters: dict[str, Any], number: int) -> None:
    async with served.client("viewer") as client:
        assert len(await items(client, "/sessions", **parameters)) == number


@pytest.mark.parametrize("path", ["/events", "/attackers", "/sessions", "/credentials", "/files", "/incidents"])
async def test_no_cell_of_a_csv_is_a_formula(served: Served, path: str) -> None:
    async with served.client("viewer", accept="text/csv") as client:
        answer = await client.get(f"{API}{path}")
    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert len(rows) > 1
    assert [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))] == []


async def test_events_are_exported_whole_as_lines(served: Served) -> None:
    async with served.client("viewer", accept="application/x-ndjson") as client:
        answer = await client.get(f"{API}/events", params={"limit": 1})
    assert len(answer.text.splitlines()) == 12


@pytest.mark.parametrize("path", PAGED)
async def test_a_cursor_of_another_listing_is_refused(served: Served, path: str) -> None:
    other = "/credentials" if not path.startswith("/credentials") else "/attackers"
    async with served.client("viewer") as client:
        cursor = (await client.get(f"{API}{other}", params={"limit": 1})).json()["next"]
        for forged in (cursor, cursor[:-2], "AAAA", "", "..", NASTY[:40]):
            answer = await client.get(httpx.URL(f"{API}{path}").copy_merge_params({"after": forged}))
            assert answer.status_code == 400, (forged, answer.text)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/attackers/192.0.2.99", 404),
        ("/attackers/nobody", 422),
        ("/attackers?q=1.2.3.4/99", 422),
        ("/events/00000000-0000-0000-0000-0000000000ff", 404),
        ("/events/1", 422),
        ("/events?kind=no.such", 422),
        ("/sessions/nobody", 404),
        ("/sessions/nobody/recording", 404),
        ("/credentials/nothing", 404),
        ("/techniques/T1", 422),
        (f"/files/{'0' * 64}", 404),
        ("/files/..%2f..%2fetc", 400),
        ("/identities/192.0.2.99", 404),
        ("/identities/zzz", 422),
        ("/campaigns/00000000-0000-0000-0000-0000000000ff", 404),
        ("/incidents/99", 404),
        ("/incidents/99999999999999999999", 422),
        ("/exports/stix?attacker=192.0.2.99", 404),
        (f"/exports/csv?attacker={A}&identity=00000000-0000-0000-0000-0000000000ff", 422),
        ("/events?limit=1001", 422),
        ("/events?since=yesteryear", 422),
        ("/attackers?since=1h&until=2h", 422),
        ("/overview?since=yesteryear", 422),
    ],
)
async def test_what_is_not_there_or_wrong_is_a_problem(served: Served, path: str, status: int) -> None:
    async with served.client("viewer") as client:
        answer = await client.get(f"{API}{path}")
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    assert "Traceback" not in answer.text
    assert "--" not in answer.text  # options of commands
