# SPDX-License-Identifier: MIT
"""An attacker whose look-up fails is set aside where the operator sees it, and holds up no other."""

from __future__ import annotations

import time

import pytest
from tests.decnet_workers.enrich.conftest import Fleet

from decnet_core.net.addresses import Address, parse_address
from decnet_models.attackers.tables import attacker
from decnet_models.database.engine import reading, writing
from decnet_models.errors import EveryEventFailsError
from decnet_models.intel.requests import request, waiting
from decnet_models.notices import queries as notices
from decnet_models.progress.queries import cursor_of, dead_letters_of, move_cursor
from decnet_workers.enrich.answers import Answer
from decnet_workers.enrich.failed_lookups import WORKER, take_back
from decnet_workers.enrich.knowledge import RETURNING, Knowledge
from decnet_workers.enrich.set_aside import MOST_IN_A_ROW, each_part
from decnet_workers.enrich.settings import EnrichSettings
from decnet_workers.enrich.worker import terms_of

BAD = "198.51.100.9"
OTHERS = ("198.51.100.1", "198.51.100.2", "198.51.100.3")


def knowledge(fleet: Fleet, *failing: str) -> Knowledge:
    """Return what looks addresses up in a list that names all, and fails at some."""

    def find(address: Address) -> Answer | None:
        if str(address) in failing:
            raise ValueError(f"no \x1b[31m{address}")
        return Answer("malicious", ("listed",))

    def parsed(texts: object) -> dict[str, Address]:
        assert isinstance(texts, list)
        return {text: address for text in texts if (address := parse_address(text)) is not None}

    made = Knowledge(fleet.engine, terms_of(EnrichSettings()), {}, {"list": find}, parsed)
    made.prepare()
    return made


def test_a_notice_that_fails_is_a_dead_letter_and_all_others_are_taken(fleet: Fleet) -> None:
    looking = knowledge(fleet, BAD)
    fleet.observe(OTHERS[0], BAD, *OTHERS[1:])
    while looking.poll().lag:  # verdicts are notices, too
        pass
    assert all(fleet.finding(one, "list") for one in OTHERS)
    assert fleet.finding(BAD, "list") is None
    with reading(fleet.engine) as connection:
        (letter,) = dead_letters_of(connection, WORKER)
        (line,) = notices.lines_after(connection, letter.seq - 1, 1)
        assert cursor_of(connection, WORKER) == notices.last_seq(connection)
    assert BAD in str(line.body)
    assert "ValueError" in letter.error
    assert BAD in letter.error


def test_when_all_fail_the_worker_says_so_and_passes_none_over_for_ever(fleet: Fleet) -> None:
    many = [f"198.51.100.{n}" for n in range(MOST_IN_A_ROW + 2)]
    looking = knowledge(fleet, *many)
    fleet.observe(*many)
    with pytest.raises(EveryEventFailsError):
        looking.poll()
    with reading(fleet.engine) as connection:
        assert len(dead_letters_of(connection, WORKER)) == MOST_IN_A_ROW
        assert cursor_of(connection, WORKER) < notices.last_seq(connection)


def test_what_was_set_aside_is_looked_up_with_those_that_return(fleet: Fleet) -> None:
    now = time.time_ns()
    with writing(fleet.engine) as connection:
        rows = [{"ip": one, "events": 1, "first_seen": now, "last_seen": now} for one in (BAD, OTHERS[0])]
        connection.execute(attacker.insert(), rows)
    failing = knowledge(fleet, BAD)
    failing.poll()
    assert fleet.finding(OTHERS[0], "list")
    assert fleet.finding(BAD, "list") is None
    mended = knowledge(fleet)
    with writing(fleet.engine) as connection:
        move_cursor(connection, RETURNING, 0, now_ns=time.time_ns())
    mended.poll()
    assert fleet.finding(BAD, "list")


def test_what_the_operator_asks_for_is_looked_up_again_and_no_longer_set_aside(fleet: Fleet) -> None:
    failing = knowledge(fleet, BAD)
    fleet.observe(BAD)
    failing.poll()
    for still_fails in (True, False):
        with writing(fleet.engine) as connection:
            (letter,) = dead_letters_of(connection, WORKER)
            take_back(connection, [BAD, "192.0.2.1"])
            assert not dead_letters_of(connection, WORKER)
            request(connection, "list", [BAD, *OTHERS], now_ns=time.time_ns())
        assert letter.error.startswith(f"{BAD}")
        (failing if still_fails else knowledge(fleet)).poll()
        assert all(fleet.finding(one, "list") for one in OTHERS)
        with reading(fleet.engine) as connection:
            assert not waiting(connection)
    assert fleet.finding(BAD, "list")
    with reading(fleet.engine) as connection:
        assert not dead_letters_of(connection, WORKER)


def test_an_address_that_a_new_list_cannot_be_asked_about_does_not_hold_up_the_others(fleet: Fleet) -> None:
    now = time.time_ns()
    fleet.observe(BAD)
    with writing(fleet.engine) as connection:
        rows = [{"ip": one, "events": 1, "first_seen": now, "last_seen": now} for one in (BAD, *OTHERS)]
        connection.execute(attacker.insert(), rows)
    knowledge(fleet, BAD).look_up_all("list")
    assert all(fleet.finding(one, "list") for one in OTHERS)
    with reading(fleet.engine) as connection:
        assert [one.error for one in dead_letters_of(connection, WORKER)] == [f"{BAD}: ValueError: no \x1b[31m{BAD}"]
    knowledge(fleet).look_up_all("list")
    with reading(fleet.engine) as connection:
        assert not dead_letters_of(connection, WORKER)


def test_a_part_that_fails_is_halved_and_the_order_is_kept() -> None:
    done: list[int] = []
    aside: list[int] = []

    def do(part: object) -> None:
        assert isinstance(part, list)
        if 5 in part:
            raise KeyError(5)
        done.extend(part)

    each_part(list(range(9)), do, lambda one, _: aside.append(one))
    assert (done, aside) == ([0, 1, 2, 3, 4, 6, 7, 8], [5])
