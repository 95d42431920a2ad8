# SPDX-License-Identifier: MIT
"""The key of a credential: stable, the same on every service, and never that of another."""

from __future__ import annotations

from itertools import product

from decnet_core.events.catalogue import LoginAttempt
from decnet_workers.profiler.logins import digest_of


def login(username: str, password: str | None, public_key: str | None = None, service: str = "ssh") -> LoginAttempt:
    return LoginAttempt(service, username, success=False, password=password, public_key=public_key)


def test_digest_does_not_change_between_versions() -> None:
    assert digest_of(login("root", "123456")) == "2379761a287b0e464e21ec7f0466ef14"


def test_service_and_outcome_do_not_matter() -> None:
    accepted = LoginAttempt("telnet", "root", success=True, method="none", password="123456")
    assert digest_of(accepted) == digest_of(login("root", "123456"))


def test_no_two_short_credentials_share_a_digest() -> None:
    texts = ["", "-", "1", "1:", ":", "a", "1:a", "aa", "-1:a", "0:"]
    maybe = [None, *texts]
    triples = list(product(texts, maybe, maybe))
    assert len({digest_of(login(*triple)) for triple in triples}) == len(triples)
