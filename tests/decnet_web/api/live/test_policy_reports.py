# SPDX-License-Identifier: MIT
"""Reports of browsers that a page broke its policy: anybody may send them, so nothing in them is believed or grows."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from tests.decnet_web.api.served import Served, serving

from decnet_web.api.live.violations import MOST, MOST_OF_REQUEST, PolicyReports

PATH = "/api/v1/policy-reports"
KIND = {"Content-Type": "application/reports+json"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("fleet")) as served:
        yield served


def violation(**fields: Any) -> dict[str, Any]:
    body = {
        "effectiveDirective": "script-src-elem",
        "blockedURL": "inline",
        "documentURL": "http://127.0.0.1:8080/attackers",
        "sourceFile": "http://127.0.0.1:8080/attackers",
        "lineNumber": 7,
    }
    return {"type": "csp-violation", "age": 0, "url": "x", "user_agent": "y", "body": {**body, **fields}}


async def test_what_a_browser_reports_is_listed_counted_and_logged_once(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    reports = [violation(), violation(), {"type": "deprecation", "body": {}}, violation(blockedURL="e\x1b[31mvil")]
    async with served.client() as browser, served.client("admin") as admin:
        sent = await browser.post(PATH, content=msgspec.json.encode(reports), headers=KIND)
        assert sent.status_code == 204
        found = (await admin.get(PATH)).json()
        figures = (await browser.get("/metrics")).text
    assert {(one["blocked"][:1], one["times"]) for one in found["items"]} == {("i", 2), ("e", 1)}
    assert (found["reports"], found["left_out"]) == (3, 0)
    assert "\x1b" not in str(found["items"])
    assert "decnet_policy_reports_total 3" in figures
    said = [one.getMessage() for one in caplog.records if "broke its policy" in one.getMessage()]
    assert len(said) == 2
    assert "directive=script-src-elem blocked=inline" in said[0]


@pytest.mark.parametrize("body", [b"[]", b"{}", b"[1]", b'[{"type":"csp-violation"}]', b'{"type":[],"body":7}'])
async def test_what_is_no_report_is_taken_and_forgotten(served: Served, body: bytes) -> None:
    async with served.client() as browser, served.client("admin") as admin:
        before = (await admin.get(PATH)).json()["reports"]
        assert (await browser.post(PATH, content=body, headers=KIND)).status_code == 204
        assert (await admin.get(PATH)).json()["reports"] == before


def test_a_flood_is_bounded() -> None:
    reports = PolicyReports()
    for number in range(MOST + 50):
        reports.add([violation(blockedURL=f"{number}{'x' * 9999}")])
    assert (len(reports.violations), reports.left_out, reports.number) == (MOST, 50, MOST + 50)
    assert max(len(one.blocked) for one in reports.violations) < 300
    reports.add([violation()] * 1000)
    assert reports.number == MOST + 50 + MOST_OF_REQUEST
