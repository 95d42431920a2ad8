# SPDX-License-Identifier: MIT
"""A plugin of tests/conftest.py: engines of one process compile each statement once, for all of its databases.

Every test has a database and so an engine of its own, for which SQLAlchemy would compile every statement again: a third
of the processor time of the tests that use one. What is compiled depends on the dialect alone, and all our engines of
one dialect are made alike.
"""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy
from sqlalchemy import Engine, event

from decnet_models.database import engine as engines

_STATEMENTS = 1000
_shared: dict[str, tuple[Any, Any]] = {}
"""A dialect that has been connected, and so knows its server, with what was compiled for it, by its name."""


def pytest_configure() -> None:
    vars(engines)["create_engine"] = _create_engine


@pytest.fixture
def compiled_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the test's engines compile for themselves."""
    monkeypatch.setattr(engines, "_warmed", [])
    monkeypatch.setattr(engines, "create_engine", sqlalchemy.create_engine)


def _create_engine(*arguments: Any, **options: Any) -> Engine:
    engine = sqlalchemy.create_engine(*arguments, query_cache_size=_STATEMENTS, **options)
    name = engine.dialect.name
    if name in _shared:
        engine.dialect, engine._compiled_cache = _shared[name]
    else:
        event.listen(engine, "engine_connect", lambda _: _shared.setdefault(name, _of(engine)), once=True)
    return engine


def _of(engine: Engine) -> tuple[Any, Any]:
    return engine.dialect, engine._compiled_cache
