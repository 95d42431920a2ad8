# SPDX-License-Identifier: MIT
"""JSON of many small values, from those who have a token."""

from __future__ import annotations

import asyncio
import json
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.decnet_web.api.hosting.longest_turn import MOST_SECONDS, watched_turns
from tests.decnet_web.api.served import Served, serving

from decnet_web.api.passage.values import MOST_DIGITS, MOST_OF_FLEET, MOST_VALUES, has_long_number, keys_in, values_in

TEXTS = st.text(st.sampled_from('a",:[{}]\\/é'), max_size=5)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXTS, inner, max_size=5),
    max_leaves=20,
)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("fleet")) as served:
        yield served


def counted(value: Any) -> int:
    """Return how many values and keys there are, empty arrays and objects twice."""
    if isinstance(value, dict):
        return 1 + sum(1 + counted(one) for one in value.values()) + (not value)
    if isinstance(value, list):
        return 1 + sum(map(counted, value)) + (not value)
    return 1


@given(VALUES, st.booleans())
def test_values_are_counted_without_parsing(value: Any, escaped: bool) -> None:
    assert values_in(json.dumps(value, ensure_ascii=escaped).encode()) == counted(value)


@given(VALUES, st.booleans())
def test_keys_are_counted_without_parsing(value: Any, escaped: bool) -> None:
    def keys(one: Any) -> int:
        if isinstance(one, list):
            return sum(map(keys, one))
        return len(one) + sum(map(keys, one.values())) if isinstance(one, dict) else 0

    assert keys_in(json.dumps(value, ensure_ascii=escaped).encode()) == keys(value)


@given(VALUES, TEXTS)
def test_what_comes_after_a_mistake_takes_nothing_back(value: Any, rest: str) -> None:
    assert values_in(json.dumps(value).encode() + b"]" + rest.encode()) >= counted(value)


def listed(value: bytes, number: int) -> bytes:
    return b",".join([value] * number)


@pytest.mark.parametrize(
    "body",
    [
        b'{"ids":[%b]}' % listed(b"1", MOST_VALUES - 10),
        b'{"ids":[%b]}' % listed(b"[]", MOST_VALUES // 2 - 10),
        b"{%b}" % b",".join(b'"%x":0' % number for number in range(MOST_VALUES // 2 - 10)),
        b"[%b]" % listed(b"[]", 300_000),
        b'{"ids":["%b"]}' % listed(b'"a"', 200_000),
        b"{%b}" % b",".join(b'"%x":0' % number for number in range(90_000)),
        b"[%b]" % listed(b"1" * 4_300, 240),
    ],
)
async def test_no_json_holds_the_loop(served: Served, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    async with served.client("admin") as client:
        for _ in range(2):  # what is imported at the first is no body's
            with watched_turns() as longest:
                answer = await asyncio.create_task(client.post("/api/v1/tokens", content=body, headers=headers))
    assert answer.status_code in (400, 413, 422)
    assert longest.seconds < MOST_SECONDS, longest.whose


@pytest.mark.parametrize(
    ("text", "is_long"),
    [
        (b"[%b]" % (b"9" * MOST_DIGITS), False),
        (b"[%b]" % (b"1" * (MOST_DIGITS + 1)), True),
        (b"[-0.%b]" % (b"7" * (MOST_DIGITS + 1)), True),
        (b'["%b"]' % (b"1" * 100), False),
        (rb'["\\\"%b"]' % (b"1" * 100), False),
        (rb'["\\",%b]' % (b"1" * 100), True),
    ],
)
def test_a_long_number_is_one_outside_of_strings(text: bytes, is_long: bool) -> None:
    json.loads(text)
    assert has_long_number(text) is is_long


@pytest.mark.parametrize("kind", ["document", "fleet"])
async def test_a_fleet_of_500_deckies_holds_no_loop(served: Served, kind: str) -> None:
    text = "".join(
        f'[[decky]]\nname="decky-{one}"\naddress="127.77.{one // 250}.{one % 250 + 1}"\n'
        'persona="debian-web"\nservices=["ssh", "http"]\n'
        for one in range(500)
    )
    async with served.client("admin") as client:
        for _ in range(2):
            with watched_turns() as longest:
                body = {kind: text if kind == "document" else tomllib.loads(text)}
                answer = await asyncio.create_task(client.post("/api/v1/fleet/plan", json=body))
    assert len(answer.json()["steps"]) == 500
    assert longest.seconds < MOST_SECONDS, longest.whose


async def test_a_fleet_may_have_more_values_than_other_bodies(served: Served) -> None:
    names = [f"decky-{number}" for number in range(MOST_VALUES)]
    async with served.client("admin") as client:
        assert (await client.post("/api/v1/fleet/plan", json={"remove": names})).status_code != 413
        for path, number in (("/api/v1/tokens", MOST_VALUES), ("/api/v1/fleet/plan", MOST_OF_FLEET)):
            answer = await client.post(path, json={"remove": ["a"] * number})
            assert answer.status_code == 413
            assert "values" in answer.json()["detail"]
