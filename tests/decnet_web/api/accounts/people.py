# SPDX-License-Identifier: MIT
"""People with accounts and browsers, for the tests of log-in."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import httpx
from argon2 import PasswordHasher
from tests.decnet_web.api.served import Served

from decnet.fleet.deployment import transaction
from decnet_models.accounts import queries
from decnet_models.accounts.audit import Entry, entries
from decnet_models.accounts.queries import Account, Role
from decnet_web.api.accounts.factors.passwords import Hasher

PASSWORD = "tall copper lighthouse"  # of people who do not exist
ORIGIN = "https://decnet.example"
_WEAK = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


def person(served: Served, name: str, role: Role = "viewer", password: str | None = PASSWORD) -> Account:
    """Add an account; its hash is weak, to be upgraded at the first log-in."""
    stored = _WEAK.hash(password) if password else None
    with transaction(served.deployment, write=True) as connection:
        queries.add_account(connection, uuid4(), name, role, stored, now_ns=5)
        found = queries.account_named(connection, name)
    assert found is not None
    return found


def hash_quickly(served: Served) -> None:
    """Have the application hash with parameters that take no time; test_session.py has those of the product."""
    served.application.state.accounts.hasher = Hasher(memory_kib=64, passes=1)


class Browser:
    """A browser at the dashboard; it keeps its cookie and sends what pages of ours send."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.csrf = ""

    async def log_in(self, name: str, password: str = PASSWORD) -> httpx.Response:
        answer = await self.post("/session", name=name, password=password)
        self.remember(answer)
        return answer

    def remember(self, answer: httpx.Response) -> None:
        """Take the CSRF token out of the answer to a log-in."""
        if answer.status_code == 200 and answer.json().get("session"):
            self.csrf = answer.json()["session"]["csrf"]

    @property
    def secret(self) -> str:
        return self.client.cookies.get("__Host-decnet") or ""

    async def get(self, path: str, **parameters: str) -> httpx.Response:
        return await self.client.get(f"/api/v1{path}", params=parameters)

    async def post(self, path: str, **body: object) -> httpx.Response:
        return await self.send("POST", path, **body)

    async def send(self, method: str, path: str, **body: object) -> httpx.Response:
        headers = {"X-CSRF-Token": self.csrf, "Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"}
        return await self.client.request(method, f"/api/v1{path}", json=body, headers=headers)


@asynccontextmanager
async def browser(served: Served, address: str = "192.0.2.10") -> AsyncIterator[Browser]:
    """Return a browser at an address."""
    transport = httpx.ASGITransport(served.application, client=(address, 40000))
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
        yield Browser(client)


def audited(served: Served, action: str) -> list[Entry]:
    """Return the audit's entries of an action, newest first."""
    with transaction(served.deployment) as connection:
        return entries(connection, 1000, action=action)


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
