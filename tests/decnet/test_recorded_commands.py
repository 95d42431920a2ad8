# SPDX-License-Identifier: MIT
"""The audit log has one entry for each command that changes something, and none for one that shows something."""

from __future__ import annotations

import contextlib
import importlib
import os
import shlex
import socket
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.decnet.command_result import Run

from decnet.cli.commands import ACTIONS, RecordedCommand
from decnet.cli.operator_name import operator
from decnet.command import COMMANDS
from decnet.fleet.deployment import Deployment, transaction
from decnet_models.accounts import audit

SHOWS = {
    "up", "status", "events", "search", "incidents", "incident show", "incident silences", "attackers", "attacker",
    "summary", "sessions", "play", "credentials", "techniques", "files", "identities", "identity show", "campaigns",
    "campaign show", "export", "decky list", "decky show", "decky inspect", "persona list", "persona show",
    "persona check", "image list", "image show", "known list", "canary kinds", "canary list",
    "canary check-dns", "webhook formats", "webhook list", "webhook deliveries", "orchestrator plan",
    "swarm list", "swarm authority", "user list", "token list", "audit", "quarantine list", "quarantine show",
    "worker log", "footprint", "bus sub", "bus top", "upgrade", "docs", "man", "completion", "config show",
    "config check",
}  # fmt: skip
"""Commands that change nothing of a fleet; `up` starts one, and what is done with it then is recorded."""

DONE = (
    ("user add ana --role admin", "account.add", "ana"),
    ("user role ana admin", "account.role", "ana"),
    ("token add ana script", "token.add", None),
    ("known add 192.0.2.0/24 --label 'our scanner'", "known.add", "192.0.2.0/24"),
    ("known remove 1", "known.remove", "1"),
    ("canary new 'the wiki'", "canary.make", "the wiki"),
    ("incident silence --source 192.0.2.9", "silence.add", None),
    ("incident unsilence 1", "silence.end", "1"),
    ("webhook add https://chat.example/T0/hidden --no-test", "webhook.add", "https://chat.example"),
    ("canary export", "canary.export", None),
    ("decky add web-02 --persona debian-web --address 127.0.0.9 --runtime loopback", "decky.add", "web-02"),
    ("decky remove web-02", "decky.remove", "web-02"),
)
"""Commands in an order in which each can be done, with the entry's action and object (None: any)."""


def _commands() -> Iterator[tuple[str, bool]]:
    for command in COMMANDS:
        app = importlib.import_module(command.module).app
        several = len(app.registered_commands) > 1 or app.registered_callback is not None
        for one in app.registered_commands:
            name = one.name or one.callback.__name__.rstrip("_").replace("_", "-")
            yield f"{command.name} {name}" if several else command.name, one.cls is RecordedCommand


def _entries(deployment: Deployment) -> list[audit.Entry]:
    with transaction(deployment) as connection:
        return audit.entries(connection)


def test_each_command_is_recorded_unless_it_only_shows_something() -> None:
    commands = dict(_commands())
    assert {name for name, recorded in commands.items() if not recorded} == SHOWS
    assert set(ACTIONS) <= set(commands) - SHOWS


def test_each_change_leaves_one_entry_with_who_what_and_when(run: Run, deployment: Deployment) -> None:
    began = time.time_ns()
    for number, (words, action, target) in enumerate(DONE, 1):
        answer = run(*shlex.split(words))
        assert answer.code == 0, answer.err
        newest, *older = _entries(deployment)
        assert (newest.action, len(older)) == (action, number - 1), words
        assert target in (None, newest.object)
        assert (newest.actor, newest.means) == (operator(), "command")
        assert began <= newest.ts <= time.time_ns()


def test_the_entry_has_the_command_line_without_secrets(run: Run, deployment: Deployment) -> None:
    url = "https://chat.example/services/hidden?key=hidden"
    run("webhook", "add", url, "--format", "ntfy", "--token", "hidden", "--option", "topic=hidden", "--no-test")
    (entry,) = _entries(deployment)
    assert "hidden" not in repr(entry)
    words = "webhook add https://chat.example --format ntfy --token ... --option ... --no-test"
    assert entry.detail == {"command": words, "result": "done"}


def test_a_look_at_a_secret_leaves_an_entry_without_it(run: Run, deployment: Deployment) -> None:
    added = run("webhook", "add", "https://chat.example/x", "--no-test", "--json").document
    assert run("webhook", "secret", added["id"]).out.strip() == added["secret"]
    newest, _ = _entries(deployment)
    assert (newest.action, newest.object) == ("webhook.secret", added["id"])
    assert added["secret"] not in repr(newest)


def test_the_text_around_an_address_is_kept(run: Run, deployment: Deployment) -> None:
    run("known", "add", "192.0.2.0/24", "--label", "see https://me:pass@wiki.example/INC-7?key=1 and ask")
    (entry,) = _entries(deployment)
    assert entry.detail == {
        "command": "known add 192.0.2.0/24 --label see https://wiki.example and ask", "result": "done",
    }  # fmt: skip


@pytest.mark.parametrize(
    "words",
    [
        ("known", "list"),
        ("canary", "list"),
        ("audit",),
        ("decky", "list"),
        ("known", "remove", "7"),
        ("known", "add", "not a network"),
        ("decky", "add", "web-02", "--persona", "debian-web", "--address", "127.0.0.9", "--plan"),
        ("report",),
    ],
)
def test_what_changes_nothing_leaves_no_entry(run: Run, deployment: Deployment, words: tuple[str, ...]) -> None:
    run(*words)
    assert _entries(deployment) == []


@pytest.fixture
def edits(deployment: Deployment, tmp_path: Path) -> Path:
    """A settings file, and an editor that changes it."""
    file, editor = tmp_path / "decnet.toml", tmp_path / "editor"
    file.write_text("[webhook]\n")
    editor.write_text('#!/bin/sh\necho "# looked at" >> "$1"\n')
    editor.chmod(0o755)
    os.environ |= {"DECNET_SETTINGS": str(file), "VISUAL": str(editor), "DECNET_STATE_DIR": str(deployment.state.root)}
    return file


def test_a_change_outside_the_database_is_recorded(run: Run, deployment: Deployment, edits: Path) -> None:
    answer = run("config", "edit")
    assert (answer.code, answer.err) == (0, "")
    assert "# looked at" in edits.read_text()
    assert [one.action for one in _entries(deployment)] == ["settings.change"]


def test_a_locked_database_holds_no_other_change_up(run: Run, deployment: Deployment, edits: Path) -> None:
    with contextlib.closing(sqlite3.connect(deployment.state.root / "decnet.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        answer = run("config", "edit")
    assert time.monotonic() - began < 6
    assert answer.code == 0
    assert "# looked at" in edits.read_text()
    assert "done, but not recorded in the audit" in answer.err


def test_a_database_that_does_not_answer_holds_no_other_change_up(run: Run, edits: Path) -> None:
    pytest.importorskip("psycopg")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        os.environ["DECNET_DATABASE_URL"] = f"postgresql+psycopg://a:hidden@127.0.0.1:{silent.getsockname()[1]}/decnet"
        began = time.monotonic()
        answer = run("config", "edit")
    assert time.monotonic() - began < 6
    assert answer.code == 0
    assert "# looked at" in edits.read_text()
    assert "done, but not recorded in the audit" in answer.err
    assert "hidden" not in answer.err


def test_without_a_database_a_change_is_made_in_silence(run: Run, edits: Path, tmp_path: Path) -> None:
    os.environ["DECNET_STATE_DIR"] = str(tmp_path / "none")
    assert run("config", "edit").err == ""
    assert "# looked at" in edits.read_text()
