# SPDX-License-Identifier: MIT
"""With DECNET_TEST_API=postgresql every fleet of these tests has a database of PostgreSQL (`nox -s api_postgresql`).

The children that look at settings are forked.
"""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, text
from tests.decnet_web.api import served
from tests.forked_program import forked_program

from decnet.configuration import looking
from decnet_models.migrations.upgrade import upgrade

_CHILD = "import sys; from decnet.configuration.child import main; sys.exit(main())"
_one_at_a_time = threading.Lock()


@pytest.fixture(scope="session", autouse=True)
def database_of_fleets(request: pytest.FixtureRequest) -> Iterator[None]:
    """Have `serving` make databases of PostgreSQL if that is asked for."""
    if os.environ.get("DECNET_TEST_API") != "postgresql":
        yield
        return
    url_of: Callable[[str], str] = request.getfixturevalue("postgres")
    admin: Engine = request.getfixturevalue("postgres_admin")
    numbers = itertools.count()

    def copied(template: str) -> str:
        name = f"api_{next(numbers)}"
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy"))
        return url_of(name)

    migrated = copied("template1")
    upgrade(migrated)
    served.MAKERS.append(lambda like: copied(like or "api_0"))
    yield
    served.MAKERS.clear()


class _Forked:
    """In place of the module `subprocess` of `looking`."""

    TimeoutExpired = subprocess.TimeoutExpired

    @staticmethod
    def run(command: list[str], *, timeout: float, **options: Any) -> subprocess.CompletedProcess[bytes]:
        assert command == [sys.executable, "-P", "-m", "decnet.configuration.child"]
        with _one_at_a_time:
            return forked_program(_CHILD).run(said=options["input"], seconds=timeout)


@pytest.fixture(autouse=True)
def forked_children(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fork the children that look at settings: started, each imports for a second what all workers need."""
    monkeypatch.setattr(looking, "subprocess", _Forked)
