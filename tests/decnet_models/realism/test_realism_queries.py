# SPDX-License-Identifier: MIT
from __future__ import annotations

from uuid import UUID

import msgspec
import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from decnet_core.canary import SlugKind, mint
from decnet_models.canary.queries import add_token
from decnet_models.database.engine import writing
from decnet_models.fleet import change_log
from decnet_models.fleet import queries as fleet
from decnet_models.realism import queries
from decnet_models.realism.queries import Action, Persona

TOLD = change_log.ChangeInfo("added", "ana", "", 1)
FIRST = Action(UUID(int=1), "session", "web", "desk", "clerk", "ssh", None, {"lines": ["ls"]}, 10)


@pytest.fixture
def peopled(engine: Engine) -> Engine:
    """Give a database with a persona and a decky."""
    with writing(engine) as connection:
        queries.write_persona(connection, Persona("clerk", "Windows", {"users": ["ana"]}), now_ns=1)
        fleet.write_decky(
            connection, fleet.Decky("web", (fleet.Address("127.77.0.1"),), "web", "loopback", "clerk"), TOLD
        )
    return engine


def test_a_persona_is_changed_by_who_read_its_newest_version(peopled: Engine) -> None:
    with writing(peopled) as connection:
        read = queries.persona_named(connection, "clerk")
        assert read is not None
        newer = queries.write_persona(connection, msgspec.structs.replace(read, os="Linux"), now_ns=2)
        assert newer is not None
        assert queries.write_persona(connection, msgspec.structs.replace(read, os="BSD"), now_ns=3) is None
        assert queries.write_persona(connection, Persona("clerk", "again"), now_ns=3) is None
        assert queries.personas(connection) == [newer]


def test_a_persona_that_lives_somewhere_is_not_removed(peopled: Engine) -> None:
    with writing(peopled) as connection:
        queries.write_persona(connection, Persona("spare", "Linux"), now_ns=2)
        assert queries.remove_persona(connection, "spare")
        assert not queries.remove_persona(connection, "spare")
    with pytest.raises(IntegrityError), writing(peopled) as connection:
        queries.remove_persona(connection, "clerk")


def test_an_action_is_planned_once_started_once_and_ended(peopled: Engine) -> None:
    with writing(peopled) as connection:
        assert queries.plan(connection, [FIRST, FIRST]) == 1
        assert queries.next_due(connection) == 10
        assert queries.due(connection, 10, now_ns=9) == []
        assert queries.due(connection, 10, now_ns=10) == [FIRST]
        assert queries.start(connection, FIRST.id, now_ns=11)
        assert not queries.start(connection, FIRST.id, now_ns=12)
        assert [one.id for one in queries.interrupted(connection)] == [FIRST.id]
        queries.finish(connection, FIRST.id, "refused\0", now_ns=13)
        (done,) = queries.actions_on(connection, "web")
        assert (done.state, done.started_at, done.ended_at, done.error) == ("failed", 11, 13, "refused\u2400")
        assert queries.next_due(connection) is None
        assert queries.actions_on(connection, "web", before=done) == []


def test_pages_show_each_action_once_though_many_are_due_at_the_same_time(peopled: Engine) -> None:
    every = [msgspec.structs.replace(FIRST, id=UUID(int=number)) for number in range(1, 6)]
    with writing(peopled) as connection:
        queries.plan(connection, every)
        pages: list[Action] = []
        while page := queries.actions_on(connection, "web", 2, before=pages[-1] if pages else None):
            pages += page
    assert pages == every[::-1]


def test_ended_actions_are_forgotten_and_planned_ones_are_not(peopled: Engine) -> None:
    with writing(peopled) as connection:
        queries.plan(connection, [FIRST, msgspec.structs.replace(FIRST, id=UUID(int=2))])
        queries.start(connection, FIRST.id, now_ns=11)
        queries.finish(connection, FIRST.id, now_ns=12)
        assert queries.forget(connection, 100, 10) == 1
        assert [one.id for one in queries.actions_on(connection, "web")] == [UUID(int=2)]


def test_a_hit_leads_back_to_the_action_that_planted_the_token(peopled: Engine) -> None:
    slug = mint(bytes(32), SlugKind.URL)
    bait = msgspec.structs.replace(FIRST, kind="file", protocol=None, token=slug.text)
    with pytest.raises(IntegrityError), writing(peopled) as connection:
        queries.plan(connection, [bait])
    with writing(peopled) as connection:
        add_token(connection, slug, "the bait", now_ns=1)
        queries.plan(connection, [bait])
        assert queries.baits(connection, slug.text) == [bait]


def test_what_was_planned_for_a_decky_goes_with_it(peopled: Engine) -> None:
    from decnet_models.fleet.states import State, record_state

    with writing(peopled) as connection:
        queries.plan(connection, [FIRST])
        fleet.remove_decky(connection, "web", TOLD)
        record_state(connection, State("web", 2, "absent", 1, 1))
        fleet.erase(connection, 1, TOLD)
        assert queries.due(connection, 10, now_ns=10) == []
