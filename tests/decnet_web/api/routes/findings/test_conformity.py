# SPDX-License-Identifier: MIT
"""Pages are written without a validation; here each is validated, strictly, and must be what pydantic writes."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel
from tests.decnet_web.api.routes.filled import A
from tests.decnet_web.api.served import ON_BOTH, Served

from decnet_web.api.document import routes_of
from decnet_web.api.listings.shapes import shape_of
from decnet_web.api.paging import Page

pytestmark = ON_BOTH
NAMED = {
    "/api/v1/techniques/{technique}": "/api/v1/techniques/T1003.008",
    "/api/v1/identities/{group}/members": f"/api/v1/identities/{A}/members",
}
"""What the paths of pages name, where the filled fleet has it."""
FILLED = frozenset(
    f"/api/v1/{name}"
    for name in ("attackers", "canaries/hits", "credentials", "deckies", "events", "files", "incidents", "sessions")
)


def _pages(served: Served) -> dict[str, type[BaseModel]]:
    """Return the models of pages by path."""
    found = dict[str, type[BaseModel]]()
    for route in routes_of(served.application):
        model: Any = route.response_model
        if isinstance(model, type) and issubclass(model, Page):
            found[route.path_format] = model
    return found


def _row(page: type[BaseModel]) -> type[BaseModel]:
    row: type[BaseModel] = page.__pydantic_generic_metadata__["args"][0]
    return row


async def test_every_page_is_what_its_model_says(served: Served) -> None:
    seen = set()
    async with served.client("admin") as client:
        for path, model in _pages(served).items():
            asked = NAMED.get(path, path)
            if "{" in asked:
                continue
            body = (await client.get(asked)).raise_for_status().content
            served.application.state.recent.clear()
            again = (await client.get(asked)).raise_for_status().content  # of rows that are kept
            assert again == body, path
            page = model.model_validate_json(body)
            assert json.loads(page.model_dump_json()) == json.loads(body), path
            if page.items:  # type: ignore[attr-defined]  # of a page
                seen.add(path)
                (row, *_) = json.loads(body)["items"]
                assert list(row) == [*_row(model).model_fields, *_row(model).model_computed_fields]
    assert {*FILLED, *NAMED} - seen == set()


def test_rows_of_every_page_have_a_shape(served: Served) -> None:
    for model in _pages(served).values():
        assert shape_of(_row(model)).columns
