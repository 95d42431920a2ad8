# SPDX-License-Identifier: MIT
"""Every module with a route that changes something writes to the audit."""

from __future__ import annotations

import inspect
import sys

import pytest
from fastapi.routing import iter_route_contexts

from decnet_web.api.application import make_application

CHANGES_NOTHING = frozenset({"decnet_web.api.live.policy_reports", "decnet_web.api.routes.fleet.deckies.catalogues"})
"""Their POST only checks what is sent, or takes in what a browser reports by itself."""

WORDS = ("record(", "audited(", "recorded(")


def _modules() -> set[str]:
    found = set()
    for context in iter_route_contexts(make_application(None).routes):
        endpoint = getattr(context, "endpoint", None)
        if endpoint is not None and set(context.methods or ()) - {"GET", "HEAD", "OPTIONS"}:
            found.add(endpoint.__module__)
    return found


@pytest.mark.parametrize("name", sorted(_modules() - CHANGES_NOTHING))
def test_a_module_that_changes_something_audits_it(name: str) -> None:
    source = inspect.getsource(sys.modules[name])
    assert any(word in source for word in WORDS), f"{name} changes something and writes nothing to the audit"


def test_no_exception_is_stale() -> None:
    for name in CHANGES_NOTHING:
        assert not any(word in inspect.getsource(sys.modules[name]) for word in WORDS)
