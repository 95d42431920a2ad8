# SPDX-License-Identifier: MIT
"""The worker with real decoys and a real database: planned sessions take place, once, and are synthetic."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncssh
import msgspec
import pytest
from sqlalchemy import Engine
from tests.decnet_decoys.decky_host import DeckyHost
from tests.decnet_decoys.host_key_files import one_certificate_key
from tests.decnet_models.migrated import migrated_database
from tests.decnet_workers.orchestrator.fleets import OFFICE, USERS
from tests.decnet_workers.orchestrator.test_text_endpoint import WRITTEN, answer, completion, serving
from tests.ports import free_port, own_address

from decnet_core.bus.memory import MemoryBus
from decnet_core.canary import SlugKind, mint
from decnet_core.events.catalogue import (
    CommandRun,
    FileCaptured,
    HttpRequest,
    LoginAttempt,
    ServiceRequest,
    SessionClosed,
)
from decnet_core.exits import StartupError
from decnet_core.runtime.host import Host, open_context
from decnet_core.settings import Settings
from decnet_core.timing.durations import SECOND_NS
from decnet_decoys.decky import Decky
from decnet_decoys.fleet import deckies
from decnet_decoys.settings import DeckySettings, DecoysSettings
from decnet_models.canary.queries import add_token
from decnet_models.database.engine import open_engine, reading, writing
from decnet_models.fleet import change_log
from decnet_models.fleet import queries as fleet
from decnet_models.fleet.states import State, record_state
from decnet_models.realism import queries
from decnet_models.realism.queries import Action, Persona
from decnet_workers.orchestrator import plan, schedule
from decnet_workers.orchestrator.documents import Document, growths
from decnet_workers.orchestrator.plan import sessions_between
from decnet_workers.orchestrator.schedule import FAILED_NS, LATE_NS, REPLAN_NS, STARTING_NS, Schedule
from decnet_workers.orchestrator.settings import OrchestratorSettings
from decnet_workers.orchestrator.worker import Orchestrator

NOBODY = msgspec.structs.replace(
    OFFICE, name="debian-web", work_days=0, version=0, body={"family": "debian", "users": USERS}
)
"""Plans nothing by itself."""
ALWAYS = msgspec.structs.replace(NOBODY, work_days=127, work_from=0, work_until=1440)
ON_A_DAY_WITH_SESSIONS = 1_772_366_400 * SECOND_NS
"""2026-03-01 12:00 UTC: on some days, drawn from the date, nobody comes to work on one of the two deckies."""
TOLD = change_log.ChangeInfo("added", "ana", "", 1)


class Ground:
    """Two deckies that are played, and desired in a database."""

    def __init__(self, directory: Path, played: DeckyHost) -> None:
        self.played = played
        self.engine: Engine = open_engine(migrated_database(directory / "state" / "decnet.db"))

    def desire(self, persona: Persona) -> None:
        with writing(self.engine) as connection:
            queries.write_persona(connection, persona, now_ns=1)
            for one in self.played.settings.decky:
                services = tuple(fleet.Service(name, port) for name, port in one.services.items())
                desired = fleet.Decky(
                    one.name, (fleet.Address(one.address),), one.name, "loopback", persona.name, services
                )
                fleet.write_decky(connection, desired, TOLD)
                record_state(connection, State(one.name, 1, "running", 1, 1))

    def plan(self, protocol: str, body: dict[str, Any], *, due_at: int | None = None, **changes: Any) -> UUID:
        due = time.time_ns() if due_at is None else due_at
        action = Action(uuid4(), "session", "web-01", "web-02", "debian-web", protocol, None, body, due)
        with writing(self.engine) as connection:
            queries.plan(connection, [msgspec.structs.replace(action, **changes)])
        return action.id

    def action(self, id_: UUID) -> Action:
        with reading(self.engine) as connection:
            return next(one for one in queries.actions_on(connection, "web-01", 1000) if one.id == id_)

    def has_done_what_is_due(self) -> bool:
        """Whether all that was due has ended, and more is planned."""
        with reading(self.engine) as connection:
            next_due = queries.next_due(connection)
            return next_due is not None and next_due > time.time_ns() and not queries.interrupted(connection)

    async def until_ended(self, *ids: UUID) -> list[Action]:
        async with asyncio.timeout(120):
            while any(self.action(id_).ended_at is None for id_ in ids):
                await asyncio.sleep(0.05)
        return [self.action(id_) for id_ in ids]


@pytest.fixture
async def ground(tmp_path: Path) -> AsyncIterator[Ground]:
    deckies = tuple(
        DeckySettings(
            name=f"web-0{index}", address=own_address(100 + index), persona="debian-web", services=ports(index)
        )
        for index in (1, 2)
    )
    host = DeckyHost(tmp_path, DecoysSettings(decky=deckies))
    with one_certificate_key():
        await host.open()
        made = Ground(tmp_path, host)
        yield made
        made.engine.dispose()
        await host.close()


def ports(index: int) -> dict[str, int]:
    others = ("ftp", "mysql", "smtp") if index == 1 else ()
    return {name: free_port(own_address(100 + index)) for name in ("http", "ssh", *others)}


@asynccontextmanager
async def orchestrator(ground: Ground, **changes: Any) -> AsyncIterator[None]:
    worker = Orchestrator(OrchestratorSettings(enabled=True, **changes))
    document = {"state": {"dir": str(ground.played.state.root)}}
    ctx = await open_context(Orchestrator, Settings(document, {}, "test"), MemoryBus())
    ready = asyncio.Event()
    running = asyncio.create_task(Host(worker, ctx).run(ready.set))
    try:
        waiting = asyncio.create_task(ready.wait())
        await asyncio.wait((waiting, running), return_when=asyncio.FIRST_COMPLETED, timeout=100)
        waiting.cancel()
        if not ready.is_set():
            await running
        yield
    finally:
        ctx.stop()
        await asyncio.wait_for(running, 120)


WEB = {"user_agent": "curl/7.88.1", "pages": 3, "pauses": [0.0, 0.0, 0.0], "choices": [0.0, 0.5, 0.9]}
SHELL = {"user": "deploy", "lines": ["id", "uptime"], "pauses": [0.0, 0.1]}


async def test_planned_sessions_take_place_from_the_peers_address_and_are_synthetic(ground: Ground) -> None:
    ground.desire(NOBODY)
    web, shell, one = (
        ground.plan("http", WEB),
        ground.plan("ssh", SHELL),
        ground.plan("ssh", {"user": "root", "lines": ["hostname"], "pauses": [0.0]}),
    )
    async with orchestrator(ground):
        ended = await ground.until_ended(web, shell, one)
    assert [(action.state, action.error) for action in ended] == [("done", None)] * 3
    events = ground.played.events()
    assert all(event.synthetic for event in events)
    assert {event.src_ip for event in events} == {ground.played.settings.decky[1].address}
    assert {event.session for event in ground.played.events(HttpRequest)} == {str(web)}
    assert len(ground.played.events(HttpRequest)) > 1
    commands: list[Any] = [event.payload for event in ground.played.events(CommandRun) if event.session == str(shell)]
    assert [each.command for each in commands][:2] == ["id", "uptime"]
    assert {event.session for event in ground.played.events(SessionClosed)} == {str(shell), str(one)}


MAIL = {
    "host": "web-02",
    "sender": "deploy@web-02",
    "recipient": "root@web-01",
    "text": "Subject: disk\n\n.bashrc\nBest\n",
    "pause": 0.0,
}
FILES = {"user": "deploy", "pauses": [0.0, 0.0, 0.0, 0.0], "choices": [0.5, 0.9, 0.0, 0.2]}
STATEMENTS = ["SHOW DATABASES", "SELECT * FROM wordpress.wp_users LIMIT 5", "SHOW TABLES FROM wordpress", "SELECT 1"]


async def test_mail_files_and_statements_go_from_decky_to_decky(ground: Ground) -> None:
    ground.desire(NOBODY)
    body = {"user": "wordpress", "statements": STATEMENTS, "pauses": [0.0] * len(STATEMENTS)}
    mail, files, database = ground.plan("smtp", MAIL), ground.plan("ftp", FILES), ground.plan("mysql", body)
    async with orchestrator(ground):
        ended = await ground.until_ended(mail, files, database)
    assert [(action.state, action.error) for action in ended] == [("done", None)] * 3
    events = ground.played.events()
    assert all(event.synthetic for event in events)
    assert {event.session for event in events} == {str(mail), str(files), str(database)}
    requests = [each.payload for each in ground.played.events(ServiceRequest)]
    (sent,) = [each for each in requests if isinstance(each, ServiceRequest) and each.action == "mail"]
    assert sent.detail["subject"] == "disk"
    assert sent.detail["bytes"] == str(len("Subject: disk\r\n\r\n.bashrc\r\nBest\r\n"))
    asked: list[Any] = [each.payload for each in ground.played.events(CommandRun)]
    assert [each.command for each in asked if each.service == "mysql"] == STATEMENTS
    assert all(each.known for each in asked)
    of_ftp = [each.command.split()[0] for each in asked if each.service == "ftp"]
    assert of_ftp.count("EPSV") == of_ftp.count("LIST") + of_ftp.count("RETR") == 4
    assert {each.payload.success for each in ground.played.events(LoginAttempt)} == {True}  # type: ignore[attr-defined]
    assert ground.played.events(FileCaptured) == []


async def test_the_plan_of_a_day_is_made_once_whatever_restarts(ground: Ground) -> None:
    ground.desire(ALWAYS)
    now = time.time_ns()
    counts = []
    for _ in range(3):
        schedule = Schedule(ground.engine, OrchestratorSettings(enabled=True, sessions_per_day=40), lambda: now)
        schedule.look(0)
        with reading(ground.engine) as connection:
            counts.append(len(queries.actions_on(connection, "web-01", 1000)))
    assert counts[0] > 10
    assert len(set(counts)) == 1


async def test_what_is_done_is_not_planned_again(ground: Ground) -> None:
    ground.desire(ALWAYS)
    now = time.time_ns()
    settings = OrchestratorSettings(enabled=True, sessions_per_day=40)
    Schedule(ground.engine, settings, lambda: now).look(0)
    with writing(ground.engine) as connection:
        (first, *others) = queries.actions_on(connection, "web-01", 1000)[::-1]
        assert queries.start(connection, first.id, now_ns=now)
        queries.finish(connection, first.id, now_ns=now)
    Schedule(ground.engine, settings, lambda: now).look(0)
    assert ground.action(first.id).state == "done"
    with reading(ground.engine) as connection:
        assert len(queries.actions_on(connection, "web-01", 1000)) == len(others) + 1


async def test_sessions_that_were_missed_or_cut_off_are_not_made_up_for(ground: Ground) -> None:
    ground.desire(NOBODY)
    cut = ground.plan("http", WEB)
    with writing(ground.engine) as connection:
        queries.start(connection, cut, now_ns=2)
    missed = ground.plan("http", WEB, due_at=time.time_ns() - 2 * LATE_NS)
    async with orchestrator(ground):
        ended = await ground.until_ended(cut, missed)
    assert [(action.state, action.error) for action in ended] == [
        ("failed", "the orchestrator was ended meanwhile"),
        ("failed", "missed: nothing ran at that time"),
    ]
    assert ground.played.events() == []


async def test_a_session_that_an_orderly_end_breaks_off_takes_place_in_the_next_life(ground: Ground) -> None:
    ground.desire(NOBODY)
    web, slow = ground.plan("http", WEB), ground.plan("ssh", {"user": "root", "lines": ["id"], "pauses": [600.0]})
    async with orchestrator(ground):
        await ground.until_ended(web)
        async with asyncio.timeout(120):
            while ground.action(slow).state != "running":
                await asyncio.sleep(0.05)
    assert (ground.action(slow).state, ground.action(slow).error) == ("planned", None)
    assert ground.action(web).state == "done"


async def test_what_cannot_take_place_says_why(ground: Ground) -> None:
    ground.desire(NOBODY)
    gone = ground.plan("http", WEB, peer="web-09")
    unknown = ground.plan("redis", WEB)
    wrong = ground.plan("http", {"pages": 1})
    async with orchestrator(ground):
        errors = [action.error or "" for action in await ground.until_ended(gone, unknown, wrong)]
    assert errors[0] == "decky web-09 is not played any more"
    assert errors[1] == "decky web-01 does not offer redis to web-02 any more"
    assert "missing required field" in errors[2]


async def test_a_decky_that_decoys_does_not_play_fails_before_a_packet_is_sent(ground: Ground) -> None:
    ground.desire(NOBODY)
    action = ground.plan("http", WEB)
    await ground.played.worker._handover.close()  # type: ignore[union-attr]
    async with orchestrator(ground):
        (ended,) = await ground.until_ended(action)
    assert ended.error == "decoys does not run here"
    assert ground.played.events() == []


async def test_deckies_that_are_not_played_are_left_alone(ground: Ground) -> None:
    ground.desire(ALWAYS)
    with writing(ground.engine) as connection:
        record_state(connection, State("web-02", 1, "failed", 1, 1))
    Schedule(ground.engine, OrchestratorSettings(enabled=True, sessions_per_day=40, files=False)).look(0)
    with reading(ground.engine) as connection:
        assert queries.next_due(connection) is None


async def test_people_have_files_and_mail_from_the_first_minute(ground: Ground) -> None:
    with writing(ground.engine) as connection:
        token = add_token(connection, mint(b"k" * 32, SlugKind.URL), "on a decky", now_ns=1).token
    ground.desire(ALWAYS)
    async with orchestrator(ground, sessions_per_day=0.0, token_url="https://intra.example.org/{token}"):
        async with asyncio.timeout(120):
            while not ground.has_done_what_is_due():
                await asyncio.sleep(0.1)
    shown = [
        await typed(one, "cat /var/mail/deploy; ls -l /home/deploy/notes; cat /home/deploy/documents/*")
        for one in deckies(ground.played.settings)
    ]
    assert all("To: deploy@web-0" in text and " deploy deploy " in text and ".txt" in text for text in shown)
    assert len(set(shown)) == 2
    assert sum(f"https://intra.example.org/{token}" in text for text in shown) == 1
    with reading(ground.engine) as connection:
        assert {action.state for action in queries.baits(connection, token)} <= {"done", "planned"}
        assert queries.baits(connection, token)


async def test_what_a_text_endpoint_writes_stays_in_the_document(ground: Ground) -> None:
    ground.desire(NOBODY)
    with reading(ground.engine) as connection:
        persona = queries.persona_named(connection, NOBODY.name)
        desired = fleet.decky_named(connection, "web-01")
    assert persona is not None
    assert desired is not None
    host, start = plan.Host(desired, persona), time.time_ns() - 2 * LATE_NS
    both = Document("notes", "deploy", "/home/deploy", "2026-11-01", (start, start + 60 * SECOND_NS))
    ids = growths(host, both)
    for count, due in enumerate(both.moments, 1):
        body = msgspec.to_builtins(msgspec.structs.replace(both, moments=both.moments[:count]))
        ground.plan("", body, due_at=due, kind="file", peer=None, id=ids[due])
    async with (
        serving(answer(completion(WRITTEN))) as server,
        orchestrator(ground, text_url=server.url, concurrent_sessions=1),
    ):
        await ground.until_ended(*ids.values())
    with reading(ground.engine) as connection:
        kept = queries.prose(connection, list(ids.values()))
    assert [kept[action].strip() for action in ids.values()] == [WRITTEN, WRITTEN]
    shown = await typed(deckies(ground.played.settings)[0], "cat /home/deploy/notes/*")
    assert shown.count(WRITTEN) == len(server.requests) == 2


async def typed(one: Decky, command: str) -> str:
    assert one.login is not None
    user, password = one.login
    port = dict(one.services)["ssh"]
    connecting = asyncssh.connect(one.address, port, username=user, password=password, known_hosts=None, config=None)
    async with connecting as client:
        return str((await client.run(command, check=False)).stdout)


async def test_a_file_that_was_being_written_is_written_again(ground: Ground) -> None:
    ground.desire(NOBODY)
    due = time.time_ns() - 2 * LATE_NS
    body = {"genre": "notes", "user": "deploy", "home": "/home/deploy", "begins": "2026-11-01", "moments": [due]}
    cut = ground.plan("", body, due_at=due, kind="file", peer=None)
    with writing(ground.engine) as connection:
        queries.start(connection, cut, now_ns=due)
    async with orchestrator(ground):
        (ended,) = await ground.until_ended(cut)
    assert (ended.state, ended.error) == ("done", None)


async def test_a_process_that_was_just_started_plans_only_for_new_deckies(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    ground.desire(ALWAYS)
    planned: list[int] = []

    def counted(on: list[Any], *arguments: Any) -> list[Action]:
        planned.append(len(on))
        return sessions_between(on, *arguments)

    monkeypatch.setattr(schedule, "sessions_between", counted)
    now = ON_A_DAY_WITH_SESSIONS
    settings = OrchestratorSettings(enabled=True, sessions_per_day=40, files=False)
    for _ in range(2):
        Schedule(ground.engine, settings, lambda: now).look(0)
    one = Schedule(ground.engine, settings, lambda: now)
    monkeypatch.setattr(one, "_clock", lambda: now + 2 * REPLAN_NS)
    one.look(0)
    assert planned == [2, 2]  # by the first, and by the last, whose clock is ahead


@pytest.mark.parametrize(("phase", "wait"), [("running", REPLAN_NS), ("starting", STARTING_NS), ("failed", FAILED_NS)])
async def test_it_looks_again_for_deckies_that_are_not_played_yet(ground: Ground, phase: Any, wait: int) -> None:
    ground.desire(NOBODY)
    with writing(ground.engine) as connection:
        record_state(connection, State("web-02", 1, phase, 1, 1))
    now = time.time_ns()
    settings = OrchestratorSettings(enabled=True, files=False)  # a document may be due at any moment
    look = Schedule(ground.engine, settings, lambda: now).look(1)
    assert look.next_due == now + wait
    assert len(look.hosts) == (2 if phase == "running" else 1)


async def test_a_persona_without_a_zone_works_in_that_of_the_settings(ground: Ground) -> None:
    ground.desire(NOBODY)
    look = Schedule(ground.engine, OrchestratorSettings(enabled=True, timezone="Asia/Kathmandu")).look(1)
    assert {host.persona.timezone for host in look.hosts.values()} == {"Asia/Kathmandu"}


async def test_an_unknown_zone_in_the_settings_refuses_the_start(ground: Ground) -> None:
    with pytest.raises(StartupError, match=r"\[orchestrator\] timezone: there is no time zone 'Mars/Olympus' here"):
        async with orchestrator(ground, timezone="Mars/Olympus"):
            pass
