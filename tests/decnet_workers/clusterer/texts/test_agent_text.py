# SPDX-License-Identifier: MIT
"""Whom a Web client names to write to."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.examples import examples

from decnet_workers.clusterer.texts.agent_text import contact


@pytest.mark.parametrize(
    ("agent", "expected"),
    [
        ("Mozilla/5.0 (compatible; CensysInspect/1.1; +https://about.censys.io/)", "about.censys.io"),
        ("SurveyBot/2.0 (+http://www.Survey.example.net/why?)", "survey.example.net"),
        ("NetcraftSurveyAgent/1.0; +info@netcraft.com)", "info@netcraft.com"),
        ("We scan; to be excluded write to: Scaninfo@paloaltonetworks.com.", "scaninfo@paloaltonetworks.com"),
        ("Mozilla/5.0 (compatible; Nmap Scripting Engine; https://nmap.org/book/nse.html)", ""),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36", ""),
        ("python-requests/2.31.0", ""),
        ("x +http://localhost/", ""),
        ("", ""),
    ],
)
def test_page_or_address_of_those_who_name_themselves(agent: str, expected: str) -> None:
    assert contact(agent) == expected


@settings(max_examples=examples(200), deadline=None)
@given(st.text(st.sampled_from("+htps:/@.-_aw \x00é"), max_size=3000))
def test_any_text_is_read_and_what_is_found_is_short(agent: str) -> None:
    assert len(contact(agent)) <= 400
