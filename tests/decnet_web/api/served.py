# SPDX-License-Identifier: MIT
"""An application on a fleet's directory and database of its own, with an account and a token for each role.

A test module shares one:

    @pytest.fixture(scope="module")
    def served(tmp_path_factory):
        with serving(tmp_path_factory.mktemp("fleet")) as served:
            yield served

    async def test_it(served):
        async with served.client("viewer") as client:
            assert (await client.get("/api/v1/attackers")).status_code == 200
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import httpx
import msgspec
import pytest
from fastapi import FastAPI
from sqlalchemy.engine import make_url
from tests.decnet_models.migrated import migrated_database

from decnet.fleet.deployment import Deployment, transaction
from decnet_core.bus.settings import BusSettings
from decnet_core.settings import Settings
from decnet_core.state import SUPERVISORS, State
from decnet_models.accounts.queries import ROLES, Role, Token, add_account, add_token
from decnet_web.api.application import make_application
from decnet_web.api.fleet import Fleet
from decnet_web.api.settings import ApiSettings

ORIGIN = "http://127.0.0.1:8080"

ON_SQLITE = pytest.mark.skipif(
    os.environ.get("DECNET_TEST_API") == "postgresql", reason="what is tested is the file of SQLite"
)
"""The mark of tests that say nothing about PostgreSQL (`nox -s api_postgresql`)."""

_NAME = "database.name"

ON_BOTH = pytest.mark.parametrize("database", ["sqlite", "postgres"], scope="module")
"""The mark of a module whose tests run on PostgreSQL, too: those of queries that the API puts together itself."""


MAKERS: list[Callable[[str], str]] = []
"""At most one, which makes a database of PostgreSQL for each fleet, like the one of a name or empty (conftest.py)."""


class Served(msgspec.Struct, frozen=True):
    """An application and the fleet behind it."""

    application: FastAPI
    deployment: Deployment
    tokens: dict[str, str]
    """A token of each role; the account is called like its role."""

    def client(self, role: Role | None = None, **headers: str) -> httpx.AsyncClient:
        """Return a client of that role; None: one that has not logged in."""
        token = {"Authorization": f"Bearer {self.tokens[role]}"} if role else {}
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(self.application), base_url=ORIGIN, headers={**token, **headers}
        )


@contextmanager
def serving(
    root: Path, settings: ApiSettings | None = None, *, key: bytes = bytes(32), url: str = "", like: Path | None = None
) -> Iterator[Served]:
    """Make a fleet below `root` that does not run, and the application that serves it.

    `url` is that of a migrated, empty database; without it the fleet has one of SQLite. `like` is the root of another
    fleet with one of SQLite, which is not served any more: this one begins as a copy of that.
    """
    tokens: dict[str, str] = {role: f"decnet_test_{role}" for role in ROLES}
    if like is None:
        deployment = _deployment(root, url or _made_database(root))
        _add_accounts(deployment, tokens)
    else:
        shutil.copytree(like, root, dirs_exist_ok=True)
        deployment = _deployment(root, _made_database(root, like) or f"sqlite:///{root / 'state' / 'decnet.db'}")
    fleet = Fleet(deployment)
    try:
        yield Served(make_application(fleet, settings or ApiSettings(), key=key), deployment, tokens)
    finally:
        fleet.close()


def _made_database(root: Path, like: Path | None = None) -> str:
    """Return the URL of a database of PostgreSQL if fleets have these, and remember in `root` how it is called."""
    if not MAKERS:
        return ""
    url = MAKERS[0]("" if like is None else (like / _NAME).read_text())
    (root / _NAME).write_text(make_url(url).database or "")
    return url


def _add_accounts(deployment: Deployment, tokens: dict[str, str]) -> None:
    with transaction(deployment, write=True) as connection:
        for number, role in enumerate(ROLES, 1):
            now, digest = time.time_ns(), hashlib.sha256(tokens[role].encode()).hexdigest()
            add_account(connection, UUID(int=number), role, role, now_ns=now)
            add_token(connection, Token(digest, tokens[role][:8], UUID(int=number), "test", role, now))


def _deployment(root: Path, url: str) -> Deployment:
    state = State(root / "state")
    state.create(SUPERVISORS)
    url = url or migrated_database(state.root / "decnet.db")
    settings = Settings({"state": {"dir": str(state.root)}, "database": {"url": url}}, {}, "")
    bus = settings.section("bus", BusSettings)
    return Deployment(
        settings=settings, state=state, database_url=url, bus_url=bus.client_url(state), embedded_bus=bus.embedded
    )
