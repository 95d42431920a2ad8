# SPDX-License-Identifier: MIT
"""Twenty planted merges: the reasons name first what was planted."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, select
from tests.decnet_workers.clusterer.scenes import Follower, command, event, file, groups, hassh, key, password, stack

from decnet_core.events.catalogue import CanaryHit, CertificateProbed, FileCaptured, Payload
from decnet_core.events.envelope import Event
from decnet_models.database.engine import reading
from decnet_models.grouping.values import reasons
from decnet_models.identities.tables import IDENTITIES


def planted(number: int) -> tuple[str, str, Payload]:
    """Return the kind and the value of the evidence that two attackers are to share, and the event that shows it."""
    kind = ("ssh_key", "certificate", "canary", "url", "network6")[number % 5]
    value = f"{number:064x}"
    if kind == "ssh_key":
        return kind, f"SHA256:{value}", key(value)
    if kind == "certificate":
        return kind, value, CertificateProbed(contact=event("192.0.2.1", hassh("")).ts, sha256=value, subject="CN=x")
    if kind == "canary":
        return kind, value, CanaryHit(value, "http", "/", "curl/8.1")
    if kind == "url":
        url = f"http://198.51.100.{number}/planted"
        return kind, url, FileCaptured(service="ssh", sha256=value, size=1, url=url)
    return kind, f"{(0x20010DB8 << 32) + number:016x}", stack("1024:::")


def addresses(number: int) -> tuple[str, str]:
    if number % 5 == 4:
        return f"2001:db8:0:{number:x}::1", f"2001:db8:0:{number:x}::2"
    return f"192.0.2.{2 * number + 1}", f"192.0.2.{2 * number + 2}"


def common(number: int, attacker: str) -> list[Event]:
    """Return what says little: a tool, a stack and a password that others show too."""
    return [
        event(attacker, hassh(f"{number % 3:032x}")),
        event(attacker, stack(f"{number % 4}:::")),
        event(attacker, password("root", "123456")),
        event(attacker, command("uname -a")),
        event(attacker, file(f"{100 + number % 2:064x}")),
    ]


@pytest.fixture
def followed(engine: Engine) -> Engine:
    log = []
    for number in range(20):
        for attacker in addresses(number):
            log += [*common(number, attacker), event(attacker, planted(number)[2], number)]
    Follower(engine).run(log)
    return engine


def test_the_reasons_of_a_merge_name_the_planted_evidence_first(followed: Engine) -> None:
    c = IDENTITIES.member.c
    with reading(followed) as connection:
        rows = connection.execute(select(c.attacker, c.identity, c.because)).all()
    members: dict[object, set[str]] = {}
    for row in rows:
        members.setdefault(row.identity, set()).add(row.attacker)
    assert {frozenset(each) for each in members.values()} == groups(*(addresses(number) for number in range(20)))
    because = {row.attacker: reasons(row.because) for row in rows}
    named = {number: because[attacker][0][:2] for number in range(20) for attacker in addresses(number)}
    assert named == {number: planted(number)[:2] for number in range(20)}
