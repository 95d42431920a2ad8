# SPDX-License-Identifier: MIT
"""`decnet canary` makes tokens that the receiver accepts."""

from __future__ import annotations

import pytest
from tests.decnet.command_result import Run

from decnet.canary.tokens import first_tokens, new_token
from decnet.fleet.deployment import Deployment, transaction
from decnet_core.canary import SlugKind, canary_key, mint, verify
from decnet_models.canary.queries import add_token, label_of


def test_new_token_is_genuine_and_remembered(run: Run, deployment: Deployment) -> None:
    url = run("canary", "new", "wiki page").out.strip()
    token = url.rpartition("/")[2]
    assert verify(canary_key(deployment.state.keys), token) is not None
    with transaction(deployment) as connection:
        assert label_of(connection, token) == "wiki page"


@pytest.mark.parametrize("label", ["", " \t"])
def test_a_token_that_is_planted_nowhere_is_refused(label: str, run: Run, deployment: Deployment) -> None:
    refused = run("canary", "new", label)
    assert (refused.code, "label is empty" in refused.err) == (2, True)
    assert run("canary", "list", "--json").document == []


@pytest.mark.parametrize(("kind", "end"), [("url", ""), ("webbug", ".gif"), ("dns", ".canary.test")])
def test_each_kind_has_its_place(kind: str, end: str, run: Run, deployment: Deployment) -> None:
    made = run("canary", "new", "x", "--kind", kind, "--json").document
    assert made["place"].endswith(made["token"] + end)


def test_list_shows_a_label_of_earlier_versions_escaped(run: Run, deployment: Deployment) -> None:
    with transaction(deployment, write=True) as connection:
        add_token(connection, mint(canary_key(deployment.state.keys), SlugKind.URL), "la\x1bbel", now_ns=1)
    said = run("canary", "list")
    assert r"la\x1bbel" in said.out
    assert run("canary", "list", "--json").document[0]["hits"] is None


def test_fleet_makes_its_first_tokens_once(deployment: Deployment) -> None:
    made = first_tokens(deployment)
    assert first_tokens(deployment) == made
    with transaction(deployment, write=True) as connection:
        for label in ("drill", "mail"):
            new_token(connection, deployment, "url", label)
    assert first_tokens(deployment) == made
    assert [token.kind for token in made] == ["url", "dns"]
