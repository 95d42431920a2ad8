# SPDX-License-Identifier: MIT
"""Planted secrets that are tried on decoys, bait that is read, and what is not announced."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection

from decnet_core.canary import Slug, SlugKind, mint
from decnet_core.events.catalogue import BaitRead, CanaryHit, LoginAttempt
from decnet_core.events.notices import BaitOpened, CanaryTriggered, Notice
from decnet_models.canary.queries import add_token, set_disabled

KEY = "SHA256:abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"


@pytest.fixture
def planted(connection: Connection) -> tuple[Slug, Slug]:
    """A login pair and an SSH key."""
    login, key = mint(bytes(32), SlugKind.LOGIN), mint(bytes(32), SlugKind.LOGIN)
    add_token(connection, login, "vault", now_ns=1, kind="login")
    add_token(connection, key, "laptop", now_ns=1, kind="ssh-key", recognised_by=KEY)
    return login, key


def about_tokens(notices: dict[str, Notice]) -> list[CanaryTriggered | BaitOpened]:
    return [one for one in notices.values() if isinstance(one, CanaryTriggered | BaitOpened)]


def test_a_planted_secret_tried_on_a_decoy_is_a_hit(profile: Any, stored: Any, planted: tuple[Slug, Slug]) -> None:
    login, key = planted
    tried = [
        stored(1, LoginAttempt("ssh", "svc-backup", success=False, password=login.text)),
        stored(2, LoginAttempt("ssh", "root", success=False, method="publickey", public_key=KEY)),
        stored(3, LoginAttempt("ssh", "root", success=False, password="a" * 24)),
        stored(4, LoginAttempt("ssh", "root", success=False, method="publickey", public_key=KEY.lower())),
    ]
    rows, notices = profile([tried])
    hits = [one for one in about_tokens(notices) if isinstance(one, CanaryTriggered)]
    assert [(one.token, one.label, one.channel, one.target) for one in hits] == [
        (login.text, "vault", "ssh", "svc-backup"),
        (key.text, "laptop", "ssh", "root"),
    ]
    assert [row[2] for row in rows["canary_hit"]] == [login.text, key.text]


def test_bait_that_is_read_is_announced(profile: Any, stored: Any, planted: tuple[Slug, Slug]) -> None:
    _, notices = profile([[stored(1, BaitRead("ssh", "/root/credentials.txt", planted[0].text))]])
    (read,) = about_tokens(notices)
    assert isinstance(read, BaitOpened)
    assert (read.token, read.label, read.path) == (planted[0].text, "vault", "/root/credentials.txt")


def test_a_disabled_token_is_recorded_in_silence(
    profile: Any, stored: Any, planted: tuple[Slug, Slug], connection: Connection
) -> None:
    set_disabled(connection, planted[0].text, 5)
    tried = LoginAttempt("ssh", "root", success=False, password=planted[0].text)
    rows, notices = profile([[stored(1, CanaryHit(planted[0].text, "http", "/x")), stored(2, tried)]])
    assert about_tokens(notices) == []
    assert len(rows["canary_hit"]) == 2


def test_a_link_scanner_is_no_attacker(profile: Any, stored: Any, planted: tuple[Slug, Slug]) -> None:
    rows, notices = profile([[stored(1, CanaryHit(planted[0].text, "http", "/x", scanner="agent slackbot"))]])
    assert notices == {}
    assert [row[-1] for row in rows["canary_hit"]] == ["agent slackbot"]
    assert rows["attacker_phase"] == []
