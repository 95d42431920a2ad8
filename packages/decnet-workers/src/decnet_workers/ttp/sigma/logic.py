# SPDX-License-Identifier: MIT
"""Combines tests with loops: `any` and `all` over a generator cost a frame per call, and this is the hot path."""

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


def all_of(tests: Sequence[Callable[[T], bool]]) -> Callable[[T], bool]:
    if len(tests) == 1:
        return tests[0]
    parts = tuple(tests)

    def test(subject: T) -> bool:
        for part in parts:  # noqa: SIM110  # see above
            if not part(subject):
                return False
        return True

    return test


def any_of(tests: Sequence[Callable[[T], bool]]) -> Callable[[T], bool]:
    if len(tests) == 1:
        return tests[0]
    parts = tuple(tests)

    def test(subject: T) -> bool:
        for part in parts:  # noqa: SIM110  # see above
            if part(subject):
                return True
        return False

    return test
