# SPDX-License-Identifier: MIT
"""What the operator reads about an attacker, after a visit told by events."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Connection, update

from decnet_core.canary import Slug, SlugKind
from decnet_core.events.catalogue import (
    CanaryHit,
    ClientIdentified,
    CommandRun,
    ConnectionOpened,
    HttpRequest,
    LoginAttempt,
    SessionClosed,
    SessionOpened,
)
from decnet_core.events.notices import CanaryTriggered
from decnet_core.runtime.worker import NoSettings
from decnet_models.attackers import queries, tables
from decnet_models.attackers.analysis import USES_READ_FIRST, lists_of, tries_of
from decnet_models.attackers.merge import Tally
from decnet_models.attackers.profile import TokenHits
from decnet_models.canary.queries import add_token
from decnet_models.database.window import Window
from decnet_models.events.queries import StoredEvent
from decnet_models.following.cursor_worker import EventBatch
from decnet_workers.profiler.logins import digest_of
from decnet_workers.profiler.rescoring import rescore
from decnet_workers.profiler.worker import Profiler

SECOND = 1_000_000_000
IP = "192.0.2.1"
SLUG = Slug("u" + "a" * 22, SlugKind.URL)
PASSWORD = LoginAttempt("ssh", "root", success=True, password="toor")


@pytest.fixture
def visit(connection: Connection, stored: Callable[..., StoredEvent]) -> Iterator[Connection]:
    """One attacker scans, guesses, gets in, looks around and uses what was planted; another only connects."""
    in_session = {"session": "S"}
    log = [
        stored(1, ConnectionOpened("http"), decky="web"),
        stored(2, HttpRequest("GET", "/.env", user_agent="curl/8.1"), decky="web"),
        stored(3, ConnectionOpened("ssh"), decky="db"),
        stored(4, ClientIdentified("ssh", "SSH-2.0-libssh2_1.10.0"), decky="db"),
        stored(5, LoginAttempt("ssh", "root", success=False, password="123456"), decky="db"),
        stored(6, LoginAttempt("ssh", "root", success=False, password="123456"), decky="web"),
        stored(7, PASSWORD, decky="db", **in_session),
        stored(8, SessionOpened("ssh", "root", "xterm"), decky="db", **in_session),
        stored(10, CommandRun("ssh", "id"), decky="db", **in_session),
        stored(12, CommandRun("ssh", "uname -a"), decky="db", **in_session),
        stored(15, CommandRun("ssh", "exit"), decky="db", **in_session),
        stored(16, SessionClosed("ssh", 8000, commands=3, recording="c" * 64), decky="db", **in_session),
        stored(20, CanaryHit(SLUG.text, "http", "/x", user_agent="curl/8.1"), decky="canary"),
        stored(21, ConnectionOpened("ssh"), src_ip="2001:DB8::7", decky="db"),
    ]
    add_token(connection, SLUG, "in the wiki", now_ns=1)
    results = Profiler(NoSettings()).handle(EventBatch(connection, log))
    assert [n.label for _, n in results.notices if isinstance(n, CanaryTriggered)] == ["in the wiki"]
    yield connection
    connection.rollback()


def test_new_attackers_are_those_first_seen_in_the_span(visit: Connection) -> None:
    first = {one.ip: one.first_seen for one in queries.attackers(visit)}
    assert queries.new_in(visit, Window()) == set(first) == {IP, "2001:db8::7"}
    assert queries.new_in(visit, Window(since=first[IP] + 1)) == {"2001:db8::7"}
    assert queries.new_in(visit, Window(first[IP], first["2001:db8::7"])) == {IP}


def test_a_list_is_recognised_from_the_first_uses_however_many_deckies_each_entry_is_tried_on(
    connection: Connection, stored: Callable[..., StoredEvent]
) -> None:
    words = ("123456", "password", "12345678", "qwerty", "123456789", "12345", "1234", "111111", "1234567", "dragon")
    places = [(word, f"host-{number}") for word in words for number in range(40)]
    log = [
        stored(second, LoginAttempt("ssh", "root", success=False, password=word), decky=decky)
        for second, (word, decky) in enumerate(places)
    ]
    log += [
        stored(600 + number, LoginAttempt("ssh", "root", success=False, password=f"x{number}"), src_ip="192.0.2.9")
        for number in range(USES_READ_FIRST)
    ]
    Profiler(NoSettings()).handle(EventBatch(connection, log))
    assert len(tries_of(connection, IP, USES_READ_FIRST)) < len(words) == len(tries_of(connection, IP))
    assert [one.tried for one in lists_of(connection, IP)][:1] == [len(words)]
    assert lists_of(connection, "192.0.2.9") == ()
    connection.rollback()


def test_profile_shows_the_whole_visit(visit: Connection) -> None:
    profile = queries.attacker(visit, IP)
    assert profile is not None
    assert [phase.name for phase in profile.phases] == [
        "reconnaissance",
        "credential access",
        "initial access",
        "execution",
        "collection",
    ]
    assert [(decky.name, decky.events) for decky in profile.deckies] == [("web", 3), ("db", 9), ("canary", 1)]
    assert [service.name for service in profile.services] == ["http", "ssh"]
    assert [(tool.name, tool.events) for tool in profile.tools] == [("curl", 2), ("libssh2", 1)]
    assert [(one.type, one.value) for one in profile.fingerprints] == [
        ("http.user_agent", "curl/8.1"),
        ("ssh.software", "SSH-2.0-libssh2_1.10.0"),
    ]
    assert [command.text for command in profile.commands] == ["id", "uname -a", "exit"]
    assert [(hit.token, hit.channel) for hit in profile.canary_hits] == [(SLUG.text, "http")]
    assert profile.traits[0].name == "interactive"
    assert "3 commands, one every 2.5 s" in profile.traits[0].reason
    assert profile.rhythm is not None


def test_profile_explains_its_score(visit: Connection) -> None:
    profile = queries.attacker(visit, IP)
    assert profile is not None
    assert sum(term.points for term in profile.terms) == profile.attacker.score
    assert [term.name for term in profile.terms] == [
        "canary",
        "access",
        "commands",
        "spread",
        "guessing",
        "services",
        "requests",
    ]


def test_session_is_put_together_from_its_events(visit: Connection) -> None:
    (session,) = queries.sessions(visit)
    assert (session.attacker, session.session, session.service, session.decky) == (IP, "S", "ssh", "db")
    assert (session.username, session.terminal, session.recording) == ("root", "xterm", "c" * 64)
    assert (session.opened_at, session.closed_at) == (8 * SECOND, 16 * SECOND)
    assert (session.duration_ms, session.commands) == (8000, 3)


def test_credential_uses_list_what_worked_first(visit: Connection) -> None:
    uses = queries.credential_uses(visit, attacker=IP)
    assert [(use.password, use.decky, use.uses, use.accepted) for use in uses] == [
        ("toor", "db", 1, 1),
        ("123456", "web", 1, 0),
        ("123456", "db", 1, 0),
    ]
    assert uses[0].digest == digest_of(PASSWORD)


def test_what_worked_stays_first_and_an_unnamed_decky_is_none(
    connection: Connection, stored: Callable[..., StoredEvent]
) -> None:
    refused = LoginAttempt("ssh", "root", success=False, password="later")
    try:
        Profiler(NoSettings()).handle(EventBatch(connection, [stored(1, PASSWORD), stored(2, refused, decky=None)]))
        uses = queries.credential_uses(connection)
    finally:
        connection.rollback()
    assert [(use.password, use.decky) for use in uses] == [("toor", "web"), ("later", None)]


def test_credentials_are_counted_over_deckies(visit: Connection) -> None:
    first, second = queries.credentials(visit)
    assert (first.password, first.uses, first.accepted, first.attackers) == ("123456", 2, 0, 1)
    assert (second.password, second.uses, second.accepted) == ("toor", 1, 1)


@pytest.mark.parametrize(
    ("order", "expected"),
    [("last_seen", ["2001:db8::7", IP]), ("score", [IP, "2001:db8::7"]), ("first_seen", ["2001:db8::7", IP])],
)
def test_attackers_are_listed_in_the_order_asked(visit: Connection, order: queries.Order, expected: list[str]) -> None:
    assert [one.ip for one in queries.attackers(visit, order=order)] == expected
    first = queries.attackers(visit, 1, order=order)
    assert [one.ip for one in first] == expected[:1]
    assert [one.ip for one in queries.attackers(visit, order=order, after=first[0])] == expected[1:]
    assert queries.count(visit) == 2


def test_lists_can_be_asked_of_one_attacker_session_and_token(visit: Connection) -> None:
    assert queries.sessions(visit, attacker="2001:db8::7") == []
    assert [one.text for one in queries.commands(visit, 2, session="S")] == ["uname -a", "exit"]
    assert len(queries.canary_hits(visit, token=SLUG.text)) == 1
    assert queries.canary_hits(visit, token="other") == []
    hits = queries.hits_by_token(visit)
    assert hits == {SLUG.text: TokenHits(SLUG.text, 1, 1, 20 * SECOND, 20 * SECOND)}


def test_unknown_attacker_has_no_profile(visit: Connection) -> None:
    assert queries.attacker(visit, "203.0.113.9") is None


def test_forgetting_an_attacker_forgets_all_it_did(visit: Connection) -> None:
    visit.execute(tables.attacker.delete().where(tables.attacker.c.ip == IP))
    assert queries.sessions(visit) == []
    assert queries.commands(visit) == []
    assert queries.credential_uses(visit) == []
    assert [one.ip for one in queries.attackers(visit)] == ["2001:db8::7"]


def test_a_wrong_score_is_put_right(visit: Connection) -> None:
    before = queries.attackers(visit)
    visit.execute(update(tables.attacker).values(score=-1))
    tally = Tally()
    for one in before:
        tally.add_seen(tables.attacker, (one.ip,), (0, one.first_seen, one.last_seen))
    assert rescore(visit, tally) == {one.ip for one in before}
    tally.write(visit)
    assert queries.attackers(visit) == before
