# SPDX-License-Identifier: MIT
"""`decnet --api`: each command prints of a remote master what it prints on it, and says plainly what it cannot do."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import hashlib
import ipaddress
import itertools
import json
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from tests.decnet.command_result import CommandResult, Run
from tests.decnet_web.api.routes.filled import SESSION, A, B, C, fill
from tests.decnet_web.api.served import Served, serving

from decnet.cli.operator_name import acting_as
from decnet.command import COMMANDS, main
from decnet.fleet.deployment import transaction
from decnet.remote.client import Remote
from decnet.remote.commands import REMOTE, WHOLE
from decnet.remote.upkeep import RemoteReplay
from decnet_core.events.catalogue import CommandRun
from decnet_core.events.envelope import Event
from decnet_core.runtime.restarts.policy import Phase
from decnet_core.settings import Settings
from decnet_core.spool.quarantine import Quarantine
from decnet_core.supervise.lifecycle import Status
from decnet_core.supervise.status_file import SupervisorStatus
from decnet_decoys.personas import catalog
from decnet_models.events.queries import insert_events
from decnet_models.progress.queries import begin_cursor, move_cursor
from decnet_models.webhooks import delivery_queries
from decnet_models.webhooks.delivery_queries import NewDelivery
from decnet_swarm.pki import authority
from decnet_web.api.application import make_application
from decnet_web.api.fleet import Fleet


class Master(msgspec.Struct, frozen=True):
    """A served fleet and where its API is."""

    served: Served
    url: str
    tls: str
    authority: Path
    pin: str


@pytest.fixture(scope="module")
def master(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Master]:
    """A filled fleet whose API listens, without TLS and with."""
    root = tmp_path_factory.mktemp("fleet")
    with serving(root) as plain, _with_settings(plain, root / "decnet.toml") as served:
        fill(served.deployment)
        report = SupervisorStatus(os.getpid(), "fork", (Status("ttp", Phase.CRASH_LOOP, reason="exit code 1"),))
        (served.deployment.state.supervisors / "supervisor.all.json").write_bytes(msgspec.json.encode(report))
        pin = _certificate(root)
        with Listening(served) as port, Listening(served, root) as secure:
            url, tls = f"http://127.0.0.1:{port}", f"https://127.0.0.1:{secure}"
            yield Master(served, url, tls, root / "certificate.pem", pin)


@contextlib.contextmanager
def _with_settings(served: Served, file: Path) -> Iterator[Served]:
    """The same with a settings file, by which sensors can enrol."""
    sections: dict[str, dict[str, object]] = {
        "state": {"dir": str(served.deployment.state.root)},
        "database": {"url": served.deployment.database_url},
        "listener": {"listen": "127.0.0.1:6514", "public": "master.example"},
        "decoys": {"keep_changes_days": 5.0},
    }
    lines = [
        [f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in of.items())] for name, of in sections.items()
    ]
    file.write_text("\n".join(itertools.chain(*lines)))
    deployment = msgspec.structs.replace(served.deployment, settings=Settings(sections, {}, str(file)))
    fleet = Fleet(deployment)
    yield msgspec.structs.replace(served, application=make_application(fleet), deployment=deployment)
    fleet.close()


@pytest.fixture(autouse=True)
def _environment() -> Iterator[None]:
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def here(master: Master, capfd: pytest.CaptureFixture[str]) -> Run:
    """Run a command on the master itself."""
    return _runner(capfd, DECNET_SETTINGS=master.served.deployment.settings.source)


@pytest.fixture
def there(master: Master, capfd: pytest.CaptureFixture[str]) -> Run:
    """Run a command on another host, which has no fleet."""
    return _runner(
        capfd, DECNET_API=master.url, DECNET_API_TOKEN=master.served.tokens["admin"], DECNET_STATE_DIR="/nowhere"
    )


SAME = [
    ("attackers",),
    ("attackers", "--json"),
    ("attackers", "--since", "2020-01-01", "--order", "last_seen"),
    ("attacker", A),
    ("attacker", A, "--json"),
    ("events", "--json", "--limit", "7"),
    ("events", "--known", "--synthetic"),
    ("events", "--kind", "session.command"),
    ("events", "--attacker", A, "--limit", "3"),
    ("search", "cat"),
    ("search", "--json", "root"),
    ("sessions",),
    ("sessions", "--json"),
    ("sessions", "--attacker", A, "--since", "2020-01-01"),
    ("play", SESSION, "--at-once"),
    ("credentials",),
    ("credentials", "--json"),
    ("credentials", "--since", "2020-01-01", "--csv"),
    ("techniques",),
    ("techniques", "--json", "--since", "2020-01-01"),
    ("summary", "--since", "2020-01-01", "--until", "2029-01-01"),
    ("summary", "--since", "2020-01-01", "--until", "2029-01-01", "--json"),
    ("incidents",),
    ("incidents", "--json"),
    ("incidents", "--severity", "high", "--csv"),
    ("incident", "1"),
    ("incident", "show", "1", "--json"),
    ("files",),
    ("files", "--since", "2020-01-01", "--csv"),
    ("intel", A, "--json"),
    ("audit",),
    ("audit", "--json", "--action", "webhook"),
    ("export", "--format", "navigator"),
    ("export", "--format", "csv", "--attacker", A),
    ("identity", A),
    ("identity", "show", A, "--json"),
    ("identities", "--least", "1"),
    ("identities", "--json"),
    ("identities", "--json", "--since", "2020-01-01", "--until", "2029-01-01"),
    ("identities", "--since", "2029-01-01"),
    ("campaigns",),
    ("campaigns", "--until", "2020-01-01"),
    ("known", "list"),
    ("known", "list", "--json"),
    ("canary", "list"),
    ("canary", "list", "--json"),
    ("canary", "kinds"),
    ("decky", "list"),
    ("decky", "list", "--json"),
    ("webhook", "list"),
    ("webhook", "list", "--json"),
    ("webhook", "deliveries"),
    ("webhook", "deliveries", "--json"),
    ("webhook", "formats"),
    ("swarm", "list"),
    ("swarm", "list", "--json"),
    ("worker", "log", "ttp"),
    ("persona", "list"),
    ("persona", "list", "--json"),
    ("persona", "show", "debian-web"),
    ("persona", "show", "debian-web", "--json"),
    ("image", "list"),
    ("image", "list", "--json"),
    ("image", "show", "cowrie"),
    ("orchestrator", "plan"),
    ("orchestrator", "plan", "--json"),
    ("orchestrator", "plan", "--decky", "shop", "--csv"),
    ("status",),
]


@pytest.fixture(scope="module")
def _furnished(master: Master) -> None:
    """A decky, a canary token, two receivers and a log."""
    os.environ["DECNET_STATE_DIR"] = str(master.served.deployment.state.root)
    os.environ["DECNET_DATABASE_URL"] = master.served.deployment.database_url
    for words in (
        ["decky", "add", "shop", "--persona", "debian-web", "--address", "127.5.0.9", "--service", "http=18099"],
        ["canary", "new", "the <b>wiki</b>"],
        ["webhook", "add", "https://example.org/hook", "--severity", "high", "--no-test"],
        ["webhook", "add", "https://example.net/all", "--sends", "notices", "--kind", "canary.*", "--no-test"],
    ):
        assert main(words) == 0
    with transaction(master.served.deployment, write=True) as connection:
        hook = connection.exec_driver_sql("SELECT id FROM webhook LIMIT 1").scalar()
        begin_cursor(connection, "ttp", now_ns=5)
        move_cursor(connection, "ttp", 12, now_ns=6)
        delivery_queries.add_deliveries(connection, [NewDelivery(str(hook), 1, "canary.hit", "{}")], now_ns=5)
    for worker in ("ingest", "listener"):
        quarantine = Quarantine(master.served.deployment.state.root / "quarantine" / worker)
        quarantine.put("disk full", "decoys", b"\xff<b>garbage</b>\x1b[2J")
        quarantine.close()
    log = master.served.deployment.state.root / "log"
    log.mkdir(exist_ok=True)
    (log / "ttp.log").write_text('ts=2026-11-30T06:00:00.123 level=info worker=ttp logger=decnet msg="rules loaded"\n')
    del os.environ["DECNET_STATE_DIR"], os.environ["DECNET_DATABASE_URL"]


@pytest.mark.usefixtures("_furnished")
@pytest.mark.parametrize("words", SAME, ids=" ".join)
def test_a_command_prints_the_same_here_and_there(here: Run, there: Run, words: tuple[str, ...]) -> None:
    local, remote = here(*words), there(*words)
    assert remote.err == local.err
    assert _unmeasured(remote.out) == _unmeasured(local.out)
    assert remote.code == local.code
    assert local.out.strip()


SCRIPTS = {
    "webhook": (
        "webhook add https://example.com/new --format json --kind canary.* --hours 08:00-18:00 --no-test",
        "webhook secret {0}",
        "webhook edit {0} --url https://example.com/newer --kind session.* --score 5",
        "webhook edit {0} --quiet 25:00",
        "webhook edit {0} --sends notices --technique x",
        "webhook list --json",
        "webhook rotate {0}",
        "webhook enable {0}",
        "webhook replay {0}",
        "webhook test {0} --wait 0",
        "webhook remove {0}",
        "webhook remove {0}",
        "webhook enable 0123",
        "webhook add ftp://example.com/",
        "webhook add https://10.1.2.3/",
        "webhook add https://example.com/json --json --no-test",
        "webhook remove {1}",
    ),
    "decky": (
        "decky add box{n} --persona debian-web --address 127.5.1.{n} --service http=18090 --plan",
        "decky add box{n} --persona debian-web --address 127.5.1.{n} --service http=18090",
        "decky add box{n} --persona debian-web --address 127.5.1.{n}",
        "decky add other --persona nothing --address 127.5.1.{n} --address 127.5.2.300",
        "decky show shop",
        "decky show shop --json",
        "decky inspect box{n}",
        "decky inspect box{n} --json",
        "decky change box{n} --service http=18091 --host-name www{n}",
        "decky change box{n} --runtime netns --plan",
        "decky change nobody --service http",
        "mutate --plan",
        "mutate --plan box{n}",
        "mutate box{n}",
        "decky policy box{n} --every 1",
        "decky policy box{n} --window 3",
        "decky policy box{n} --every 1d --service ssh=2222 --json",
        "decky policy box{n}",
        "mutate --plan box{n} --json",
        "mutate box{n} --force",
        "decky policy box{n} --off",
        "decky remove box{n} --plan --json",
        "decky remove box{n}",
        "decky remove box{n}",
        "decky show nobody",
    ),
    "deploy": (
        "deploy --export",
        "deploy {folder}/fleet{n}.toml --plan",
        "deploy {folder}/fleet{n}.toml --plan --json",
        "deploy {folder}/fleet{n}.toml",
        "deploy {folder}/fleet{n}.toml --yes",
        "deploy {folder}/fleet{n}.toml --yes",
        "deploy {folder}/less.toml --yes",
        "deploy {folder}/wrong.toml --plan",
        "deploy {folder}/impossible.toml --plan",
        "deploy /nowhere",
        "deploy",
    ),
    "canary": (
        "canary new cabinet --kind env --output {folder}/env{n} --json",
        "canary plant {0} shop /root/.env",
        "canary plant {0} nobody",
        "canary plant nothing shop",
        "canary export {folder}/export{n}",
        "canary export {folder}/export{n}",
        "canary import {folder}/export{n}",
        "canary import {folder}/less.toml",
        "canary instrument {folder}/page.html --output {folder}/page{n}",
        "canary instrument {folder}/page.html --label shelf --json --output {folder}/again{n}",
        "canary instrument {folder}/none.docx",
        "canary instrument {folder}/less.toml",
        "canary check-dns --resolver 127.0.0.1:9",
        "canary remove {0}",
        "canary remove {0}",
        "persona show nobody",
        "image show nobody",
    ),
    "persona": (
        "persona check {folder}/mine.toml",
        "persona check {folder}/none.docx /nowhere",
    ),
    "silences": (
        "incident silence --decky web-* --source 192.0.2.0/24 --for 2099-01-01 --reason works",
        "incident silence",
        "incident silence --decky x --for yesterday",
        "incident silences",
        "incident silences --json",
        "incident unsilence {0}",
        "incident unsilence {0}",
        "incident silences",
    ),
    "known": (
        "known add 203.0.113.{n} --label {n}",
        "known forget {0}",
        "known forget {0}",
        "known add 203.0.113.7{n} --port 22",
        "known forget {1}",
        "known remove {1}",
    ),
    "swarm": (
        "swarm token berlin-{n}",
        "swarm token berlin-{n} --hours 2 --json",
        "swarm token berlin-{n} --master berlin:x",
        "swarm authority",
        "swarm enrol syslog-{n} --csr {folder}/syslog.csr",
        "swarm enrol syslog-{n} --csr {folder}/less.toml",
        "swarm enrol syslog-{n} --csr /nowhere",
        "swarm renew --host master.example",
        "swarm renew --json",
        "swarm bundle box --output {folder}/less.toml",
        "swarm revoke berlin-{n}",
        "swarm forget berlin-{n}",
        "swarm forget berlin-{n}",
    ),
    "replay": (
        "replay ttp --since soon",
        "replay ttp --since 2026-11-24 --yes --no-wait",
        "replay ttp --since 3 --yes --no-wait --json",
    ),
    "config": (
        "config show decoys",
        "config show --changed --json",
        "config show colours",
        "config check",
        "config edit",
        "config show --changed --json",
    ),
    "quarantine": (
        "quarantine list",
        "quarantine list --json",
        "quarantine list --limit 1 --csv",
        "quarantine list --all",
        "quarantine show ingest/1/0",
        "quarantine show ingest/1/0 --raw",
        "quarantine show ingest/1/0 --json",
        "quarantine show listener/1/0 --json",
        "quarantine show ingest/9/9",
        "quarantine show ../x",
        "quarantine retry",
        "quarantine retry listener/1/0",
        "quarantine retry --all",
        "quarantine list",
    ),
    "user": (
        "user list",
        "user list --json",
        "user add Carol{n} --role analyst",
        "user add carol{n}",
        "user add bad/name",
        "user role carol{n} viewer",
        "user link carol{n} --json",
        "user disable carol{n}",
        "user link carol{n}",
        "user reset carol{n}",
        "user enable carol{n}",
        "user reset carol{n}",
        "token add carol{n} backup --scope read --expires never",
        "token add carol{n} more --role viewer --json --expires 2099-01-01",
        "token add carol{n} much --role admin",
        "token add carol{n} wrong --scope everything",
        "token add nobody x",
        "token list",
        "token list --all --csv",
        "token revoke {0}",
        "token revoke {0}",
        "token list --all --json",
        "user remove carol{n}",
        "user remove carol{n}",
        "user role carol{n} admin",
    ),
    "decisions": (
        f"identity split {B} --reason theirs",
        "identity withdraw {0}",
        "identity withdraw {0}",
        "identity withdraw 999",
        "identity undo 999",
        f"identity join {A} {C}",
        "identity withdraw {1}",
        "campaign split 00000000-0000-0000-0000-000000000001 00000000-0000-0000-0000-000000000002",
        "campaign split x y",
        "campaign undo 999",
        "campaign withdraw 999",
    ),
    "report": (
        "report --since 2026-11-24 --until 2026-11-25 --format md",
        "report --since 2026-11-24 --until 2026-11-25 --format json --limit 3",
        "report --since 2026-11-24 --until 2026-11-25",
        "report --since 2026-11-24 --until 2026-11-25 --output {folder}/report",
        "report --since 2026-11-24 --until 2026-11-25 --send",
    ),
}
"""What changes something, and undoes it.

{n} is 1 here and 2 there; {0} is the id of the first that was added, {1} of the second one.
"""


@pytest.mark.usefixtures("_furnished")
@pytest.mark.parametrize("name", SCRIPTS)
def test_what_is_done_says_the_same_here_and_there(here: Run, there: Run, name: str, tmp_path: Path) -> None:
    less = _WEB.format(name="shop", address="127.5.0.9")
    _written(tmp_path, "less", less)
    (tmp_path / "syslog.csr").write_text(authority.request(authority.new_key(), "x"))
    (tmp_path / "mine.toml").write_text(catalog.found("nas").path.read_text())
    os.environ["EDITOR"] = 'sed -i "s/days = 5/days = 6/;t;s/days = 6/days = 5/"'
    (tmp_path / "page.html").write_text("<html><body>plans</body></html>")
    (tmp_path / "none.docx").write_text("no document")
    _written(tmp_path, "wrong", f"{less}colour = 1\n")
    _written(tmp_path, "impossible", less + _WEB.format(name="none", address="127.5.0.9"))
    for n in (1, 2):
        _written(tmp_path, f"fleet{n}", less + _WEB.format(name=f"many{n}", address=f"127.5.3.{n}"))
    assert there("user", "list").code == 0  # its token has been used before the first list of tokens
    with acting_as("admin"):
        both = _done(here, name, 1, tmp_path), _done(there, name, 2, tmp_path)
    for line, local, remote in zip(SCRIPTS[name], *both, strict=True):
        assert remote == local, line


_WEB = """
[[decky]]
name = "{name}"
persona = "debian-web"
address = "{address}"
services = {{ http = 18099 }}
"""


def _written(folder: Path, name: str, text: str) -> None:
    (folder / f"{name}.toml").write_text(text)


def _done(run: Run, name: str, n: int, folder: Path) -> list[CommandResult]:
    """Do what a script says; return what each line printed, without what is drawn anew each time."""
    drawn: list[str] = []
    found = []
    for line in SCRIPTS[name]:
        answer = run(*line.format(*drawn, n=n, folder=folder).split())
        if line.split()[1:2] in _MAKES and (named := _NAMED.search(answer.out)):
            drawn.append(next(filter(None, named.groups())))
        found.append(CommandResult(answer.code, _without(answer.out), _without(answer.err)))
    return found


_NAMED = re.compile(
    r'^(?:decision|known source|silence) (\d+)(?::| lasts)|\b(wh_[0-9a-f]{16})\b|\b(decnet_[\w-]{6})|"token": "(\w+)"'
)
_MAKES = (["add"], ["new"], ["split"], ["join"], ["silence"])


def _without(text: str) -> str:
    """Return a text without ids, secrets, links and numbers."""
    text = re.sub(r"(?s)(?<=BEGIN CERTIFICATE-----).*?(?=-----END)", "#", text)
    ids = r"(?:(?:wh|whsec|decnet)_|decnet1-)[\w+/=.-]+|link=[\w-]+|[0-9a-f]{64}|[0-9a-f-]{36}|[a-z2-7]{24}"
    return re.sub(rf"{ids}|\d+", "#", text)


@pytest.mark.usefixtures("_furnished")
def test_what_is_changed_there_is_changed(here: Run, there: Run, tmp_path: Path) -> None:
    made = there("canary", "new", "there", "--kind", "env", "--output", str(tmp_path / "dotenv"))
    assert made.code == 0, made.err
    assert (tmp_path / "dotenv").read_bytes()
    token = next(
        one["planted"]["token"]
        for one in here("canary", "list", "--json").document
        if one["planted"]["label"] == "there"
    )
    assert "not announced" in there("canary", "disable", token).out
    assert there("canary", "remove", token).out == f"removed {token} (env, there)\n"
    assert token not in here("canary", "list").out
    assert there("known", "add", "192.0.2.99", "--label", "ours").code == 0
    number = next(one["id"] for one in here("known", "list", "--json").document if one["label"] == "ours")
    assert there("known", "remove", str(number)).code == 0
    assert there("known", "remove", "999").code == 1
    assert there("incident", "ack", "1", "--note", "mine").out == "incident 1: acknowledged\n"
    assert there("incident", "note", "1", "more").out == "incident 1: note added\n"
    assert "admin" in here("incident", "1").out
    assert "is not in" in there("identity", "split", C, A).err
    decided = there("identity", "split", B, "--reason", "another's")
    assert decided.out.startswith("decision "), decided.err
    assert "another's" in here("identity", A).out
    assert there("identity", "pin", A).out.startswith("decision ")
    assert there("identity", "join", A, C).out.startswith("decision ")
    assert there("identity", "join", A).code == 2
    assert "providers" in there("intel", A, "--refresh").err
    assert there("worker", "restart", "nobody").code == 1


def test_new_events_are_followed(master: Master, capfd: pytest.CaptureFixture[str]) -> None:
    os.environ.update(DECNET_API=master.url, DECNET_API_TOKEN=master.served.tokens["viewer"])
    following = threading.Thread(target=main, args=(["events", "--follow", "--limit", "1", "--json"],), daemon=True)
    following.start()
    seen = ""

    def until(words: str, act: Callable[[], None] = lambda: None) -> None:
        nonlocal seen
        deadline = time.monotonic() + 120
        while words not in seen:
            act()
            assert time.monotonic() < deadline, seen
            time.sleep(0.1)
            seen += capfd.readouterr().out

    until('"seq":')
    payload = CommandRun("ssh", "echo followed")
    event = Event(
        id=UUID(int=10**9), ts=time.time_ns(), sensor="here", payload=payload, decky="web-1", src_ip="203.0.113.5"
    )
    with transaction(master.served.deployment, write=True) as connection:
        insert_events(connection, [event])
    until("echo followed")
    assert seen.count("echo followed") == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("up",), "does not work on a remote master"),
        (("canary", "authority", "x"), "these do: new"),
        (("bus", "top"), "events --follow"),
        (("upgrade", "--check"), "log in there"),
        (("swarm", "bundle", "x", "--wheels", "dist"), "the wheels that the master has"),
        (("incident", "silence", "--decky", "x", "--who", "me"), "the token's account"),
        (("user", "link"), "name the user"),
        (("identities", "--graphml"), "run it on the master"),
    ],
)
def test_what_cannot_be_done_there_is_said(there: Run, words: tuple[str, ...], said: str) -> None:
    answer = there(*words)
    assert answer.code == 2
    assert said in answer.err
    assert len(answer.err.splitlines()) == 1


@pytest.mark.usefixtures("_furnished")
def test_how_far_a_replay_is_is_seen_there(master: Master) -> None:
    """Events that come between plan and beginning make no other plan of it."""
    replayed = RemoteReplay(Remote(master.url, master.served.tokens["admin"]), "ttp", 3, None)
    planned = replayed.plan()
    for number in (1, 2):
        event = Event(id=UUID(int=2 * 10**9 + number), ts=time.time_ns(), sensor="here", payload=CommandRun("ssh", "w"))
        with transaction(master.served.deployment, write=True) as connection:
            insert_events(connection, [event])
            move_cursor(connection, "ttp", planned.last + number, now_ns=time.time_ns())
    begun = replayed.begin(lose_forgotten=False)
    assert (begun.first, begun.last) == (planned.first, planned.last + 2)
    assert replayed.reached() == planned.first - 1
    with transaction(master.served.deployment, write=True) as connection:
        move_cursor(connection, "ttp", begun.last, now_ns=time.time_ns())
    assert replayed.reached() == begun.last


@pytest.mark.usefixtures("_furnished")
def test_a_list_of_quarantined_lines_is_one_request(there: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    get = Remote.get

    def noted(remote: Remote, path: str, **query: Any) -> Any:
        asked.append(path)
        return get(remote, path, **query)

    monkeypatch.setattr(Remote, "get", noted)
    assert there("quarantine", "list", "--all", "--json").code == 0
    assert asked == ["/quarantine"]


def test_every_remote_command_is_a_command_and_is_compared() -> None:
    assert {*REMOTE} <= {command.name for command in COMMANDS}
    compared = {words[0] for words in SAME} | {line.split()[0] for lines in SCRIPTS.values() for line in lines}
    shown = {name for name, ways in REMOTE.items() if WHOLE in ways or "list" in ways}
    assert shown - compared == {"footprint", "completion", "man", "docs"}  # measured anew; of the program itself


def test_errors_are_one_line_that_says_what_to_do(
    master: Master, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def said(*words: str, **variables: str) -> CommandResult:
        return _runner(capfd, **variables)(*words)

    token = master.served.tokens["viewer"]
    cases = [
        ({"DECNET_API": master.url}, 2, "needs a token"),
        ({"DECNET_API": master.url, "DECNET_API_TOKEN": "decnet_nobody"}, 1, "refuses this token"),
        ({"DECNET_API": "http://127.0.0.1:9", "DECNET_API_TOKEN": token}, 78, "cannot be reached"),
        ({"DECNET_API": "http://192.0.2.1:80", "DECNET_API_TOKEN": token}, 2, "use https"),
        ({"DECNET_API": "ftp://x", "DECNET_API_TOKEN": token}, 2, "https://HOST"),
        ({"DECNET_API": "https://u:p@x", "DECNET_API_TOKEN": token}, 2, "no user"),
        ({"DECNET_API": master.tls, "DECNET_API_TOKEN": token}, 1, "is not trusted"),
        ({"DECNET_API": master.tls, "DECNET_API_TOKEN": token, "DECNET_API_PIN": "0" * 64}, 1, "is not the pinned one"),
        ({"DECNET_API": master.tls, "DECNET_API_TOKEN": token, "DECNET_API_PIN": "x"}, 2, "64 hexadecimal digits"),
        ({"DECNET_API": master.tls, "DECNET_API_TOKEN": token, "DECNET_API_CA": "/nowhere"}, 2, "--ca"),
    ]
    for variables, code, words in cases:
        answer = said("attackers", **variables)
        assert (answer.code, len(answer.err.splitlines())) == (code, 1), answer
        assert words in answer.err
    viewer = {"DECNET_API": master.url, "DECNET_API_TOKEN": token}
    assert "role" in said("worker", "pause", "ttp", **viewer).err
    assert said("attacker", "198.51.100.200", **viewer).code == 1
    file = tmp_path / "token"
    file.write_text(f"{token}\n")
    options = ("--api", master.tls, "--token-file", str(file), "--ca", str(master.authority))
    assert said(*options, "attackers").code == 0
    assert said("--api", master.tls, "--token", token, "--pin", master.pin, "attackers").code == 0


def test_the_socket_on_the_master_itself_serves_as_well(
    master: Master, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with Listening(master.served, socket=tmp_path / "api.socket"):
        ask = _runner(
            capfd, DECNET_API=f"unix://{tmp_path}/api.socket", DECNET_API_TOKEN=master.served.tokens["viewer"]
        )
        assert A in ask("attackers").out


def test_what_comes_from_something_else_is_told(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    async def other(scope: object, receive: object, send: Any) -> None:
        await send({"type": "http.response.start", "status": 418, "headers": []})
        await send({"type": "http.response.body", "body": b"<h1>\x1b[31mteapot"})

    class Other(msgspec.Struct):
        application: Any

    with Listening(Other(other)) as port:  # type: ignore[arg-type]  # only its application is used
        ask = _runner(capfd, DECNET_API=f"http://127.0.0.1:{port}", DECNET_API_TOKEN="decnet_something")
        said = ask("attackers")
    assert (said.code, "is no API of DECNET" in said.err, "\x1b" in said.err) == (1, True, False)


def _unmeasured(text: str) -> str:
    """Return a page without what is measured anew each time: memory."""
    return re.sub(r"[\d.]+ (KiB|MiB)", "# MiB", text)


def _runner(capfd: pytest.CaptureFixture[str], **variables: str) -> Run:
    def call(*arguments: str) -> CommandResult:
        for name in [name for name in os.environ if name.startswith("DECNET_")]:
            del os.environ[name]
        os.environ.update(variables)
        capfd.readouterr()
        code = main(arguments)
        captured = capfd.readouterr()
        return CommandResult(code, captured.out, captured.err)

    return call


class Listening:
    """The application on a port of its own, in a thread, while the context lasts."""

    def __init__(self, served: Served, certificate: Path | None = None, *, socket: Path | None = None) -> None:
        files: dict[str, Any] = (
            {"ssl_certfile": str(certificate / "certificate.pem"), "ssl_keyfile": str(certificate / "key.pem")}
            if certificate
            else {}
        )
        where: dict[str, Any] = {"uds": str(socket)} if socket else {"host": "127.0.0.1", "port": 0}
        config = uvicorn.Config(served.application, lifespan="off", log_config=None, **where, **files)
        self._server = uvicorn.Server(config)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> int:
        self._thread.start()
        while not self._server.started:
            assert self._thread.is_alive()
            time.sleep(0.01)
        name = self._server.servers[0].sockets[0].getsockname()
        return 0 if isinstance(name, str) else int(name[1])

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = self._server.force_exit = True
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._end_streams)
        self._thread.join(20)

    def _serve(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._server.serve())

    def _end_streams(self) -> None:
        """A server waits for its connections, and who follows events never leaves."""
        for connection in [*self._server.server_state.connections]:
            connection.transport.abort()


def _certificate(root: Path) -> str:
    """Write a certificate for 127.0.0.1 that is its own authority; return its SHA-256."""
    key, now = ec.generate_private_key(ec.SECP256R1()), dt.datetime.now(dt.UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "master")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (root / "certificate.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (root / "key.pem").write_bytes(key.private_bytes(*form))
    return hashlib.sha256(made.public_bytes(serialization.Encoding.DER)).hexdigest()
