# SPDX-License-Identifier: MIT
"""Parameters that come twice, and numbers that only Python reads as such, are refused wherever the API takes them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.decnet_web.api.served import Served, serving

from decnet_web.api.settings import ApiSettings

NUMBERS = {"integer", "number"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    settings = ApiSettings(requests_per_second=10_000, request_burst=10_000)
    with serving(tmp_path_factory.mktemp("fleet"), settings) as served:
        yield served


def parameters(served: Served) -> Iterator[tuple[str, str, str, str, set[str]]]:
    """Yield method, path, where, name and types of each parameter that the document has."""
    for path, methods in served.application.openapi()["paths"].items():
        for method, operation in methods.items():
            for one in operation.get("parameters", []):
                schema = one["schema"]
                types = {each.get("type", "string") for each in schema.get("anyOf", [schema])}
                yield method.upper(), path, one["in"], one["name"], types


async def test_numbers_are_written_with_digits(served: Served) -> None:
    asked = 0
    async with served.client("admin") as client:
        for method, path, where, name, types in parameters(served):
            if not types & NUMBERS or where not in ("query", "path"):
                continue
            for text in ("+5", "%205", "5_0", "5.", "\u0665", "5%20"):
                if where == "query":
                    answer = await client.request(method, f"{_filled(path)}?{name}={text}")
                else:
                    answer = await client.request(method, _filled(path.replace(f"{{{name}}}", text)))
                assert answer.status_code == 422, (method, path, name, text)
                assert f"{where}/{name}" in answer.json()["detail"], (path, answer.text)
                asked += 1
    assert asked > 200


async def test_a_parameter_that_takes_one_value_comes_once(served: Served) -> None:
    async with served.client("admin") as client:
        for method, path, where, name, types in parameters(served):
            if (
                where == "query" and "array" not in types and not path.startswith("/api/v1/session/oidc")
            ):  # for everybody
                answer = await client.request(method, f"{_filled(path)}?{name}=5&{name}=6")
                assert answer.status_code in (400, 422), (method, path, name)  # 400: what `after` is is told first
        answer = await client.get("/api/v1/events?limit=5&limit=6")
    assert answer.json()["detail"] == "query/limit: it came twice, and takes one value"


@pytest.mark.parametrize("question", ["kind=session.opened&kind=session.closed&limit=5", "limit=05"])
async def test_lists_and_plain_numbers_are_taken(served: Served, question: str) -> None:
    async with served.client("viewer") as client:
        assert (await client.get(f"/api/v1/events?{question}")).status_code == 200


def _filled(path: str) -> str:
    return "".join("1" if part.startswith("{") else part for part in _parts(path))


def _parts(path: str) -> Iterator[str]:
    rest = path
    while rest:
        before, _, after = rest.partition("{")
        yield before
        name, _, rest = after.partition("}")
        if name:
            yield "{" + name
