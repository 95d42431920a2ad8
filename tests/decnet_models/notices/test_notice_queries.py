# SPDX-License-Identifier: MIT
from __future__ import annotations

import pytest
from sqlalchemy import Engine, delete

from decnet_core.events.notices import AttackerObserved, CredentialCaptured
from decnet_models.database.engine import reading, writing
from decnet_models.notices import queries
from decnet_models.notices.tables import notice as notice_table

SEEN = AttackerObserved(ts=5, attacker="192.0.2.1", decky="web")
TRIED = CredentialCaptured(ts=6, attacker="192.0.2.1", service="ssh", username="ro\0ot", password="\U0001f600")


def test_a_notice_comes_back_as_it_went_in(engine: Engine) -> None:
    with writing(engine) as connection:
        assert queries.add(connection, "seen|192.0.2.1", SEEN, 10)
        assert queries.add(connection, "tried", TRIED, 11)
    with reading(engine) as connection:
        first, second = queries.after(connection, 0, 10)
        assert (first.key, first.kind, first.notice, first.created_at) == (
            "seen|192.0.2.1",
            "attacker.observed",
            SEEN,
            10,
        )
        assert second.notice == TRIED
        assert queries.after(connection, first.seq, 10) == [second]
        assert [line.seq for line in queries.lines_after(connection, first.seq, 10)] == [second.seq]
        assert queries.last_seq(connection) == second.seq


def test_the_same_finding_is_one_notice(engine: Engine) -> None:
    with writing(engine) as connection:
        assert queries.add(connection, "k", SEEN, 1)
        assert not queries.add(connection, "k", TRIED, 2)
        assert [one.notice for one in queries.after(connection, 0, 10)] == [SEEN]


def test_a_notices_number_is_never_used_again(engine: Engine) -> None:
    with writing(engine) as connection:
        queries.add(connection, "a", SEEN, 1)
        connection.execute(delete(notice_table))
        queries.add(connection, "b", SEEN, 1)
        assert queries.last_seq(connection) == 2


def test_an_empty_outbox_has_nothing(engine: Engine) -> None:
    with reading(engine) as connection:
        assert queries.last_seq(connection) == 0
        assert queries.lines_after(connection, 0, 10) == []


def test_a_key_may_have_512_characters(engine: Engine) -> None:
    with writing(engine) as connection:
        assert queries.add(connection, "k" * 512, SEEN, 1)


def test_a_key_that_is_too_long_is_refused(engine: Engine) -> None:
    with writing(engine) as connection, pytest.raises(ValueError, match="513 characters"):
        queries.add(connection, "k" * 513, SEEN, 1)
