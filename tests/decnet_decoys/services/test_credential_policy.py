# SPDX-License-Identifier: MIT
from __future__ import annotations

from pathlib import Path

from tests.decnet_decoys.decky_host import ssh_profile

from decnet_decoys.changes import saved
from decnet_decoys.changes.decky_changes import DeckyChanges
from decnet_decoys.changes.saved import Account, Saved
from decnet_decoys.memory_budget import MemoryBudget
from decnet_decoys.personas.catalog import persona
from decnet_decoys.services.credential_policy import MAX_SOURCES, CredentialPolicy, honeypot_tests

FIRST, SECOND = "192.0.2.1", "192.0.2.2"


def policy_of(name: str, changes: DeckyChanges | None = None) -> CredentialPolicy:
    return CredentialPolicy(persona(name).users, ssh_profile(name).accept_after, changes)


def test_an_account_has_one_password() -> None:
    policy = policy_of("debian-web")
    words = [word for user in persona("debian-web").users if user.name == "root" for word in user.passwords]
    assert len(words) > 1
    assert [word for word in words if policy.accepts(FIRST, "root", word)] == words[:1]
    assert not policy.accepts(FIRST, "root", "x")
    assert not policy.accepts(FIRST, "nobody-knows", words[0])


def test_persistence_opens_one_password_and_keeps_it() -> None:
    policy = policy_of("nas")
    guesses = [policy.accepts(FIRST, "root", f"guess{n}") for n in range(8)]
    assert guesses == [False] * 5 + [True] + [False] * 2
    assert policy.accepts(FIRST, "root", "guess5")
    assert not policy.accepts(SECOND, "root", "guess5")


def test_only_failures_bring_a_source_nearer_to_being_let_in() -> None:
    policy = policy_of("debian-web")
    assert all(policy.accepts(FIRST, "root", "admin123") for _ in range(30))
    assert not policy.accepts(FIRST, "root", "zzz")


def test_a_source_that_knows_the_password_is_not_let_in_with_another() -> None:
    policy = policy_of("debian-web")
    assert policy.accepts(FIRST, "root", "admin123")
    assert not any(policy.accepts(FIRST, "root", f"guess{n}") for n in range(40))


def test_what_bots_test_honeypots_with_is_never_let_in() -> None:
    policy = policy_of("nas")
    for name, password in honeypot_tests():
        assert not any(policy.accepts(FIRST, name or "root", password) for _ in range(20))
    assert policy.accepts(FIRST, "root", "anything")


def test_a_password_that_an_intruder_set_is_the_only_one(tmp_path: Path) -> None:
    file = tmp_path / "web-01.msgpack"
    planted = {"root": Account("new", "s1"), "deploy": Account(None, "s2"), "bob": Account("3245gs5662d34", "s3")}
    saved.write(file, Saved("debian-web", planted))
    policy = policy_of("debian-web", DeckyChanges(file, "debian-web", MemoryBudget(1 << 20)))
    assert policy.accepts(FIRST, "root", "new")
    assert policy.accepts(SECOND, "bob", "3245gs5662d34")
    assert not any(policy.accepts(SECOND, "root", word) for word in ["admin123", *map(str, range(30))])
    assert not any(policy.accepts(SECOND, "deploy", word) for word in ["", "deploy", *map(str, range(30))])
    assert [policy.planted_by("root", word) for word in ("new", "admin123")] == ["s1", ""]


def test_the_memory_of_sources_is_bounded() -> None:
    policy = policy_of("nas")
    for number in range(MAX_SOURCES + 10):
        policy.accepts(str(number), "root", "x")
    assert len(policy._sources) == MAX_SOURCES
