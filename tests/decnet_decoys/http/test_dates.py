# SPDX-License-Identifier: MIT
"""Dates of conditions as nginx, Apache and lighttpd read them; whatever is sent, they are times or none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.decnet_decoys.http.dialogues.requests import DATE, MODIFIED

from decnet_decoys.http.dates import moment

FLAVOURS = ("nginx", "apache", "lighttpd", "own")
PIECES = st.sampled_from(
    [
        ", ",
        " ",
        "-",
        ":",
        "Thu",
        "Thursday",
        "13",
        "3",
        "Jun",
        "Feb",
        "2024",
        "24",
        "0000",
        "08:00:01",
        "99:99:99",
        "GMT",
    ]
)


@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.parametrize(
    "text",
    [DATE.decode(), "Thursday, 13-Jun-24 08:00:01 GMT", "Thu Jun 13 08:00:01 2024"],
    ids=["usual", "old", "asctime"],
)
def test_all_three_forms_are_read(flavour: str, text: str) -> None:
    assert moment(flavour, text) == MODIFIED


@pytest.mark.parametrize(
    ("text", "readers"),
    [
        ("Thu, 13 Jun 2024 08:00:01 +0000", {"nginx", "apache", "own"}),
        ('"Thu, 13 Jun 2024 08:00:01 GMT"', {"nginx", "apache", "own"}),
        ("Thu, 13 JUN 2024 08:00:01 GMT", set()),
        ("Thu, 30 Feb 2024 08:00:01 GMT", {"lighttpd"}),
        ("Thu, 3 Jun 2024 08:00:01 GMT", {"apache"}),
        ("Thu, 13 Jun 1960 08:00:01 GMT", set()),
        ("", set()),
    ],
)
def test_what_is_no_date_is_one_for_some(text: str, readers: set[str]) -> None:
    assert {flavour for flavour in FLAVOURS if moment(flavour, text) is not None} == readers


@given(st.sampled_from(FLAVOURS), st.lists(PIECES, max_size=12).map("".join) | st.text(max_size=60))
def test_noise_is_a_time_or_none(flavour: str, text: str) -> None:
    found = moment(flavour, text)
    assert found is None or found >= 0
