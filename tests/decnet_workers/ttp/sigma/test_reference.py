# SPDX-License-Identifier: MIT
"""The compiled matcher against a naive interpreter that reads the same rule as plain data."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from decnet_core.events.catalogue import HttpRequest

TEXT = st.text(alphabet="abAB /*?\\σΣß.", max_size=6)
NUMBER = st.integers(0, 3)
TEXT_FIELDS = ["method", "target", "user_agent", "headers", "headers.One"]
PLACES = ["contains", "startswith", "endswith"]


@st.composite
def items(draw: st.DrawFn) -> tuple[str, Any]:
    """One line of a selection: field with modifiers, and its values."""
    form = draw(st.sampled_from(["text", "number", "null", "exists", "cidr"]))
    if form == "null":
        return draw(st.sampled_from(["user_agent", "status", "headers.One"])), None
    if form == "exists":
        return draw(st.sampled_from(TEXT_FIELDS)) + "|exists", draw(st.booleans())
    if form == "cidr":
        return "src_ip|cidr", draw(st.sampled_from(["192.0.2.0/24", "192.0.2.128/25", "::/0"]))
    if form == "number":
        modifier = draw(st.sampled_from(["", "|gt", "|gte", "|lt", "|lte"]))
        return "status" + modifier, draw(NUMBER | st.lists(NUMBER, min_size=1, max_size=3))
    key = draw(st.sampled_from(TEXT_FIELDS))
    key += "".join(f"|{one}" for one in draw(st.lists(st.sampled_from(PLACES), max_size=1)))
    key += "".join(f"|{one}" for one in draw(st.lists(st.sampled_from(["all", "cased"]), max_size=2, unique=True)))
    return key, draw(TEXT | st.lists(TEXT, min_size=1, max_size=3))


MAPS = st.lists(items(), min_size=1, max_size=3).map(dict)
SEARCHES = MAPS | st.lists(MAPS, min_size=1, max_size=2) | st.lists(TEXT, min_size=1, max_size=2)
CONDITIONS = st.sampled_from(["one", "one and two", "one or not two", "not one", "1 of them", "all of them"])
REQUESTS = st.builds(
    HttpRequest,
    method=TEXT,
    target=TEXT,
    user_agent=st.none() | TEXT,
    status=st.none() | NUMBER,
    headers=st.lists(st.tuples(st.sampled_from(["One", "one", "Two"]), TEXT), max_size=2).map(tuple),
)
ADDRESSES = st.sampled_from([None, "192.0.2.1", "192.0.2.200", "2001:db8::1"])


def pattern(text: str, places: list[str]) -> str:
    parts = re.sub(
        r"\\([*?\\])|([*?])|(.)",
        lambda m: {"*": ".*", "?": "."}[m[2]] if m[2] else re.escape(m[1] or m[3]),
        text,
        flags=re.DOTALL,
    )
    before = ".*" if {"contains", "endswith"} & set(places) else ""
    after = ".*" if {"contains", "startswith"} & set(places) else ""
    return f"{before}{parts}{after}"


def values(request: HttpRequest, source: str | None, field: str) -> list[Any]:
    if field == "src_ip":
        return [source] if source else []
    if field == "headers":
        return [f"{key}: {value}" for key, value in request.headers]
    if field == "headers.One":
        return [value for key, value in request.headers if key.lower() == "one"]
    value = getattr(request, field)
    return [] if value is None else [value]


def one_value(found: list[Any], modifiers: list[str], wanted: Any) -> bool:
    if wanted is None:
        return not found
    if modifiers == ["exists"]:
        return bool(found) is wanted
    if modifiers == ["cidr"]:
        return any(ipaddress.ip_address(one) in ipaddress.ip_network(wanted) for one in found)
    if isinstance(wanted, int):
        compare = {"gt": "__gt__", "gte": "__ge__", "lt": "__lt__", "lte": "__le__"}
        return any(getattr(one, compare.get((modifiers or ["eq"])[0], "__eq__"))(wanted) for one in found)
    cased = "cased" in modifiers
    texts = found if cased else [one.casefold() for one in found]
    expression = pattern(wanted if cased else wanted.casefold(), modifiers)
    return any(re.fullmatch(expression, one, re.DOTALL) for one in texts)


def item(request: HttpRequest, source: str | None, key: str, wanted: Any) -> bool:
    field, *modifiers = key.split("|")
    join = all if "all" in modifiers else any
    rest = [one for one in modifiers if one != "all"]
    found = values(request, source, field)
    return join(one_value(found, rest, one) for one in (wanted if isinstance(wanted, list) else [wanted]))


def search(request: HttpRequest, source: str | None, wanted: Any) -> bool:
    if isinstance(wanted, dict):
        return all(item(request, source, key, value) for key, value in wanted.items())
    if isinstance(wanted, list):
        return any(search(request, source, one) for one in wanted)
    headers = [text for pair in request.headers for text in pair]
    texts = [request.method, request.target, request.version, *headers]
    texts += [request.user_agent] if request.user_agent is not None else []
    expression = pattern(wanted.casefold(), ["contains"])
    return any(re.fullmatch(expression, text.casefold(), re.DOTALL) for text in texts)


@given(st.tuples(SEARCHES, SEARCHES), CONDITIONS, REQUESTS, ADDRESSES)
def test_compiled_rule_says_what_the_naive_interpreter_says(
    matches: Callable[..., bool], searches: tuple[Any, Any], condition: str, request_: HttpRequest, source: str | None
) -> None:
    one, two = searches
    detection = yaml.safe_dump({"one": one, "two": two, "condition": condition}, allow_unicode=True)
    logic = {"1 of them": "one or two", "all of them": "one and two"}.get(condition, condition)
    truth = {"one": search(request_, source, one), "two": search(request_, source, two)}
    assert matches(detection, request_, "http.request", src_ip=source) == eval(logic, {}, truth)
