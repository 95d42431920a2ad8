# SPDX-License-Identifier: MIT
"""Findings of three addresses, two of which are one identity of a campaign."""

from __future__ import annotations

from uuid import UUID

import pytest
from tests.decnet.export.found import Found

from decnet.fleet.deployment import Deployment, transaction
from decnet_models.artifacts.queries import Artifact, Sighting, register
from decnet_models.campaigns.tables import CAMPAIGNS
from decnet_models.grouping.membership import create_group, place
from decnet_models.grouping.values import Member
from decnet_models.identities.tables import IDENTITIES
from decnet_models.ttp.queries import Tag, add_tags

START = 1_795_478_400_000_000_000
SECOND = 1_000_000_000
FOUND = Found(identity=UUID(int=0x1D), campaign=UUID(int=0xCA))


def tag(seq: int, attacker: str, technique: str = "T1105", title: str = "Fetched") -> Tag:
    return Tag(
        seq=seq,
        rule_id=UUID(int=7),
        technique=technique,
        id=UUID(int=seq),
        title=title,
        level="high",
        attacker=attacker,
        event_id=UUID(int=1000 + seq),
        ts=START + seq * SECOND,
        session="s",
        decky="web",
    )


def sighting(number: int, url: str) -> tuple[Artifact, Sighting]:
    seen = START + SECOND
    file = Artifact("ab" * 32, "file", 10, seen, seen)
    return file, Sighting(UUID(int=number), file.sha256, seen, "ssh", "192.0.2.1", "s", "web", "x", url)


@pytest.fixture
def found(deployment: Deployment) -> Found:
    """Store findings."""
    with transaction(deployment, write=True) as connection:
        add_tags(connection, [tag(seq, "192.0.2.1") for seq in (1, 2, 3)])
        add_tags(connection, [tag(4, "192.0.2.2"), tag(5, "2001:db8::1")])
        add_tags(connection, [tag(6, "192.0.2.2", "T1110.001", "=cmd|' /C calc'!A0")])
        register(connection, [sighting(1, "http://198.51.100.7/x"), sighting(2, "http://\x1b bad")])
        create_group(connection, IDENTITIES, FOUND.identity, now_ns=1)
        create_group(connection, CAMPAIGNS, FOUND.campaign, now_ns=1)
        place(
            connection, IDENTITIES, [Member(ip, FOUND.identity, 1.0, (), 1, 2, 3) for ip in ("192.0.2.1", "192.0.2.2")]
        )
        place(connection, CAMPAIGNS, [Member(FOUND.identity, FOUND.campaign, 1.0, (), 1, 2, 3)])
    return FOUND
