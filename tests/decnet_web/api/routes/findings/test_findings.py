# SPDX-License-Identifier: MIT
"""Every listing and detail of findings on a filled fleet."""

from __future__ import annotations

import pytest
from tests.decnet_web.api.routes.filled import SESSION, SHA256, A
from tests.decnet_web.api.served import Served

LISTINGS = [
    "/events",
    "/attackers",
    f"/attackers/{A}",
    f"/attackers/{A}/timeline",
    "/sessions",
    f"/sessions/{SESSION}",
    "/credentials",
    "/credentials/top",
    "/credentials/reused",
    "/techniques",
    "/techniques/T1003.008",
    "/files",
    f"/files/{SHA256}",
    "/events/language",
    "/overview?since=30d",
    "/summary",
    "/search?q=toor",
    f"/search?q={SHA256}",
    "/search?q=%25",
    "/search?q=/etc/passwd",
    "/search?q=%3C/script%3E",
    "/identities",
    f"/identities/{A}",
    f"/identities/{A}/members",
    f"/identities/{A}/graph",
    "/campaigns",
    f"/intel/{A}",
    "/incidents",
    "/incidents/1",
    "/incidents/open",
    "/silences",
    "/known",
    *(f"/reports?format={name}" for name in ("html", "md", "json")),
    *(f"/exports/{name}" for name in ("stix", "misp", "navigator", "csv")),
    f"/sessions/{SESSION}/recording",
]


@pytest.mark.parametrize("path", LISTINGS)
async def test_it_answers(served: Served, path: str) -> None:
    async with served.client("viewer") as client:
        answer = await client.get(f"/api/v1{path}")
    assert answer.status_code == 200, answer.text
