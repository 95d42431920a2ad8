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
]


@pytest.mark.parametrize("path", LISTINGS)
async def test_it_answers(served: Served, path: str) -> None:
    async with served.client("viewer") as client:
        answer = await client.get(f"/api/v1{path}")
    assert answer.status_code == 200, answer.text
