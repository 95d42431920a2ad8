# SPDX-License-Identifier: MIT
"""What SQL and shells take for wildcards is text in every filter of every listing."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from tests.decnet_web.api.routes.filled import fill
from tests.decnet_web.api.served import Served, serving

from decnet_web.api.settings import ApiSettings

OF_THE_PAGE = {"limit", "after", "order", "direction", "since", "until", "step"}
"""Parameters that are no filters."""
WILD = ["%", "_", "\\", "%%", "%a%", "r__t", "\\%", "[a-z]", "?"]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    limits = ApiSettings(requests_per_second=10_000, request_burst=10_000)
    with serving(tmp_path_factory.mktemp("fleet"), limits) as served:
        fill(served.deployment)
        yield served


def filters(served: Served) -> list[tuple[str, str]]:
    """Return the path and the name of each filter by text that a listing has."""
    found = []
    for path, methods in served.application.openapi()["paths"].items():
        for one in methods.get("get", {}).get("parameters", []):
            schemas = one["schema"].get("anyOf", [one["schema"]])
            is_text = any(each.get("type") == "string" and "enum" not in each for each in schemas)
            if one["in"] == "query" and is_text and one["name"] not in OF_THE_PAGE and "{" not in path:
                found.append((path, one["name"]))
    return found


@pytest.mark.parametrize("wild", WILD)
async def test_a_row_that_a_filter_lets_through_has_its_text(served: Served, wild: str) -> None:
    asked = filters(served)
    assert len(asked) > 20
    wrong: list[tuple[str, str]] = []
    async with served.client("admin") as client:
        for path, name in asked:
            answer = await client.get(path, params={name: wild})
            assert answer.status_code < 500, (path, name, answer.text)
            if answer.status_code == 200 and answer.headers["content-type"].startswith("application/json"):
                rows = map(json.dumps, answer.json().get("items", []))
                wrong += [(path, name) for row in rows if json.dumps(wild)[1:-1] not in row]
    assert not wrong
