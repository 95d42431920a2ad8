# SPDX-License-Identifier: MIT
"""Who may say what."""

from __future__ import annotations

import os
import pwd

import pytest

from decnet_core.bus.broker.permissions import NO_WORKERS, OPERATOR, WORKER, Access, Credentials, own, resolved
from decnet_core.bus.interface import BusError
from decnet_core.bus.protocol.match import MAX_SUBJECT
from decnet_core.bus.settings import Role
from decnet_core.units.job import DATABASE_USER, SUPERVISE_USER

WORKER_UID, OPERATOR_UID, SENSOR_UID, OWN_UID = 1001, 1002, 1003, 900
OPERATORS, SENSORS = "5000", "5001"

ROLES = (
    Role(name="sensor", users=(str(SENSOR_UID),), groups=(SENSORS,), publish=("spool.>",), subscribe=("events.*",)),
)


def role_of(uid: int, *gids: int) -> str:
    return resolved(ROLES, OPERATORS, OWN_UID).of(Credentials(1, uid, frozenset(gids))).role


@pytest.mark.parametrize(
    ("uid", "gids", "expected"),
    [
        (0, (), "operator"),
        (OWN_UID, (), "operator"),
        (OPERATOR_UID, (100, 5000), "operator"),
        (SENSOR_UID, (), "sensor"),
        (WORKER_UID, (5001,), "sensor"),
        (SENSOR_UID, (5000,), "operator"),
        (WORKER_UID, (100,), "worker"),
    ],
)
def test_peer_credentials_decide_the_role(uid: int, gids: tuple[int, ...], expected: str) -> None:
    assert role_of(uid, *gids) == expected


@pytest.mark.parametrize(
    ("subject", "allowed"),
    [
        ("spool.sniff.appended", True),
        ("events.ingested", True),
        ("notice.canary.hit", True),
        ("system.canary.health", True),
        ("_INBOX.x.1", True),
        ("system.canary.control", False),
        ("system.canary.other", False),
        ("spool", False),
        ("anything", False),
    ],
)
def test_a_worker_publishes_what_workers_publish_and_no_control_messages(subject: str, allowed: bool) -> None:
    access = Access(WORKER)
    assert [access.may_publish(subject) for _ in range(2)] == [allowed, allowed]


def test_a_subscription_must_lie_within_what_is_allowed() -> None:
    access = Access(ROLES[0])
    assert access.may_subscribe("events.ingested")
    assert access.may_subscribe("events.*")
    assert not access.may_subscribe("events.>")
    assert not access.may_subscribe(">")


@pytest.mark.parametrize(
    ("subject", "allowed"),
    [
        ("spool.canary.appended", True),
        ("spool.decoys.appended", False),
        ("system.canary.health", True),
        ("system.decoys.health", False),
        ("events.ingested", True),
        ("notice.canary.hit", True),
        ("_INBOX.x.1", True),
        ("system.canary.control", False),
    ],
)
def test_a_worker_with_an_account_speaks_for_itself_only(
    subject: str, allowed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts = [("decnet-canary", WORKER_UID), ("decnet-supervise", 1004), ("someone", 1005)]
    entries = [pwd.struct_passwd((name, "x", uid, 100, "", "/", "/bin/false")) for name, uid in accounts]
    monkeypatch.setattr(pwd, "getpwall", lambda: entries)
    roles = resolved((), "", OWN_UID)
    assert roles.of(Credentials(1, WORKER_UID, frozenset())).may_publish(subject) == allowed
    for uid in (1004, 1005):  # hosts any worker; is none of ours
        assert roles.of(Credentials(1, uid, frozenset())) is roles.worker


def test_the_accounts_that_are_no_workers_are_those_that_init_makes() -> None:
    assert frozenset({DATABASE_USER, SUPERVISE_USER}) == NO_WORKERS


@pytest.mark.parametrize(
    "pattern", [">", "*", "*.>", "*.*", "_INBOX", "_INBOX.>", "_INBOX.*", "_INBOX.*.1", "_INBOX.*.>"]
)
def test_no_client_receives_the_replies_to_others(pattern: str) -> None:
    generous = Role(name="r", subscribe=("*.>", "*", "_INBOX.>"))
    assert not Access(generous).may_subscribe(pattern)
    assert not Access(WORKER).may_subscribe(pattern)
    assert Access(OPERATOR).may_subscribe(pattern)


@pytest.mark.parametrize(
    "pattern", ["_INBOX.a1b2c3", "_INBOX.a1b2c3.*", "_INBOX.a1b2c3.>", "events.>", "system.*.health"]
)
def test_a_worker_subscribes_to_its_own_replies_and_subjects(pattern: str) -> None:
    assert Access(WORKER).may_subscribe(pattern)


def test_what_is_remembered_of_a_long_subject_says_nothing_of_a_shorter_one() -> None:
    access = Access(WORKER)
    long = "system." + "x" * MAX_SUBJECT + ".health"
    assert access.may_publish(long)
    assert not access.may_publish(long[:MAX_SUBJECT])


def test_what_is_remembered_is_bounded() -> None:
    access = Access(WORKER)
    for number in range(10_000):
        access.may_publish(f"spool.{number}")
    assert len(access._remembered) <= 4096


def test_users_and_groups_may_be_names() -> None:
    roles = (Role(name="r", users=("root",), groups=("root",), publish=(">",)),)
    assert resolved(roles, "root", OWN_UID).of(Credentials(1, 7, frozenset({0}))).role == "operator"
    assert resolved(roles, "", OWN_UID).of(Credentials(1, 7, frozenset({0}))).role == "r"


@pytest.mark.parametrize(
    "roles",
    [
        (Role(name="r", users=("nobody-of-this-name",)),),
        (Role(name="r", groups=("nobody-of-this-name",)),),
        (Role(name="r", publish=("a..b",)),),
    ],
)
def test_a_role_that_cannot_be_is_named(roles: tuple[Role, ...]) -> None:
    with pytest.raises(BusError, match=r"\[bus\]"):
        resolved(roles, "", os.getuid())


def test_roles_are_found_by_name() -> None:
    roles = resolved(ROLES, "", OWN_UID)
    assert [roles.named(name).role for name in ("worker", "operator", "sensor")] == ["worker", "operator", "sensor"]
    with pytest.raises(BusError, match="no role 'admin'"):
        roles.named("admin")


def test_the_api_gives_orders_and_hears_no_more_than_a_worker() -> None:
    access = Access(own("api"))
    assert access.may_publish("system.decoys.control")
    assert access.may_publish("fleet.changed")
    assert not access.may_publish("spool.api.appended")
    assert not access.may_publish("system.decoys.health")
    assert not access.may_subscribe("_INBOX.>")
    assert not Access(own("canary")).may_publish("system.decoys.control")
