# SPDX-License-Identifier: MIT
from __future__ import annotations

from tests.decnet_decoys.decky_host import ssh_profile

from decnet_decoys.personas.catalog import persona
from decnet_decoys.services.credential_policy import MAX_SOURCES, CredentialPolicy


def policy_of(name: str) -> CredentialPolicy:
    return CredentialPolicy(persona(name).users, ssh_profile(name).accept_after)


def test_weak_passwords_open_and_others_do_not() -> None:
    policy = policy_of("debian-web")
    assert policy.accepts("192.0.2.1", "root", "admin123")
    assert not policy.accepts("192.0.2.1", "root", "x")
    assert not policy.accepts("192.0.2.1", "nobody-knows", "admin123")


def test_persistence_opens_one_password_and_keeps_it() -> None:
    policy = policy_of("nas")
    guesses = [policy.accepts("192.0.2.1", "root", f"guess{n}") for n in range(8)]
    assert guesses == [False] * 5 + [True] + [False] * 2
    assert policy.accepts("192.0.2.1", "root", "guess5")
    assert not policy.accepts("192.0.2.2", "root", "guess5")


def test_the_memory_of_sources_is_bounded() -> None:
    policy = policy_of("nas")
    for number in range(MAX_SOURCES + 10):
        policy.accepts(str(number), "root", "x")
    assert len(policy._sources) == MAX_SOURCES
