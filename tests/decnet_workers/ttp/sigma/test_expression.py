# SPDX-License-Identifier: MIT
from __future__ import annotations

import pytest
import re2  # type: ignore[import-untyped]  # google-re2 ships no type information

from decnet_workers.ttp.sigma.expression import Expressions


def test_what_is_added_after_a_search_is_searched_for_too() -> None:
    made = Expressions()
    first = made.add("ab+c", "")
    assert made.found([b"xabbcx"]) == {first}
    second = made.add("AB+C", "i")
    assert made.add("ab+c", "") == first
    assert made.found([b"abc"]) == {first, second}
    assert made.found([b"ABC", b""]) == {second}


def test_what_re2_does_not_take_is_refused_with_its_reason_and_spoils_nothing() -> None:
    made = Expressions()
    with pytest.raises(ValueError, match=r"invalid perl operator|\(\?="):
        made.add("(?=a)b", "")
    number = made.add("literal", "")
    assert made.found([b"a literal"]) == {number}


def test_each_expression_is_compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def compiled(*_: object) -> None:
        raise AssertionError("RE2's filter compiles it already")

    monkeypatch.setattr(re2, "compile", compiled)
    made = Expressions()
    numbers = {made.add(f"word{number}", "") for number in range(3)}
    assert made.found([b"word0 word1 word2"]) == numbers
