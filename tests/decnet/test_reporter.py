# SPDX-License-Identifier: MIT
"""Reports on a schedule, from the real workers `reporter` and `webhook` to a mail server on loopback."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from typing import Any

import pytest
from sqlalchemy import Connection, text
from tests.decnet.command_result import Run
from tests.decnet_workers.webhook.test_transports import MailServer, server

from decnet.fleet.deployment import Deployment, transaction
from decnet.reporter import writing
from decnet.reporter.schedule import due
from decnet.reporter.settings import ReporterSettings
from decnet.reporter.worker import Reporter
from decnet.reporter.writing import MAX_CHARACTERS, written_report
from decnet_core.bus.memory import MemoryBus
from decnet_core.events.catalogue import CommandRun, HttpRequest, LoginAttempt
from decnet_core.events.notices import ReportWritten
from decnet_core.runtime.host import Host, open_context
from decnet_core.runtime.worker import Worker
from decnet_core.settings import Settings
from decnet_core.timing.durations import HOUR_NS
from decnet_models.database.window import Window
from decnet_models.notices import queries as notices
from decnet_workers.webhook.settings import WebhookSettings
from decnet_workers.webhook.worker import Webhook

EVIL = "<script>alert(1)</script>"


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def ns(moment: str) -> int:
    """By the local clock."""
    return int(dt.datetime.fromisoformat(moment).timestamp()) * 1_000_000_000


@pytest.mark.usefixtures("zone")
@pytest.mark.parametrize(
    ("at", "days", "now", "due_then"),
    [
        ("07:00", (), "2026-11-30 09:00", ("2026-11-29 07:00", "2026-11-30 07:00", "2026-12-01 07:00")),
        ("07:00", (), "2026-11-30 07:00", ("2026-11-29 07:00", "2026-11-30 07:00", "2026-12-01 07:00")),
        ("07:00", (), "2026-11-30 06:59", ("2026-11-28 07:00", "2026-11-29 07:00", "2026-11-30 07:00")),
        ("07:00", ("mon",), "2026-12-02 12:00", ("2026-11-23 07:00", "2026-11-30 07:00", "2026-12-07 07:00")),
        ("23:30", ("mon", "fri"), "2026-11-30 09:00", ("2026-11-23 23:30", "2026-11-27 23:30", "2026-11-30 23:30")),
    ],
)
def test_a_report_is_about_the_time_since_the_one_before(
    at: str, days: tuple[str, ...], now: str, due_then: tuple[str, str, str]
) -> None:
    found = due(at, days, ns(now))
    assert (found.window.since, found.window.until, found.next_at) == tuple(map(ns, due_then))


@pytest.mark.usefixtures("zone")
def test_a_day_on_which_the_clocks_change_is_an_hour_longer() -> None:
    found = due("07:00", (), ns("2026-10-25 09:00")).window
    assert found.until - found.since == 25 * HOUR_NS


def reports(connection: Connection) -> list[ReportWritten]:
    found = [one.notice for one in notices.after(connection, 0, 1000)]
    return [one for one in found if isinstance(one, ReportWritten)]


@asynccontextmanager
async def running(deployment: Deployment, bus: MemoryBus, worker: Worker[Any]) -> AsyncIterator[None]:
    settings = Settings({"state": {"dir": str(deployment.state.root)}}, {}, "test")
    ctx = await open_context(type(worker), settings, bus.share())
    task = asyncio.create_task(Host(worker, ctx).run(lambda: None))
    try:
        yield
    finally:
        ctx.stop()
        await asyncio.wait_for(task, 120)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(120):
        while not condition():
            await asyncio.sleep(0.01)


def added(run: Run, port: int, *more: str) -> str:
    options = ("--option", "from=decnet@x.test", "--option", "to=boss@x.test")
    said = run("webhook", "add", f"smtp://127.0.0.1:{port}", "--allow-private", "--no-test", "--json", *options, *more)
    return str(said.document["id"])


def parsed(mail: bytes) -> tuple[EmailMessage, str, str]:
    message = BytesParser(policy=default).parsebytes(mail)
    assert isinstance(message, EmailMessage)
    bodies = [message.get_body((kind,)) for kind in ("plain", "html")]
    plain, page = (one.get_content() for one in bodies if one is not None)
    return message, plain, page


async def test_a_report_that_is_due_is_mailed_once(
    deployment: Deployment, run: Run, store: Callable[..., None]
) -> None:
    yesterday = dt.datetime.now().astimezone() - dt.timedelta(hours=1)
    with transaction(deployment, write=True) as connection:
        before = reports(connection)
    store(
        HttpRequest("GET", f"/{EVIL}"),
        LoginAttempt("ssh", "root", success=True, password=EVIL),
        CommandRun("ssh", "id"),
    )
    with transaction(deployment, write=True) as connection:
        connection.execute(text("UPDATE event SET ts = :ts + seq"), {"ts": time.time_ns() - 2 * 3600 * 10**9})
    bus, mail = MemoryBus(), MailServer(None)
    settings = ReporterSettings(at=yesterday.strftime("%H:%M"))
    async with server(mail) as port:
        added(run, port, "--kind", "report.*")
        async with running(deployment, bus, Webhook(WebhookSettings(poll_seconds=0.5))):
            for _ in range(2):  # a restart writes no second one
                async with running(deployment, bus, Reporter(settings)):
                    await until(lambda: len(mail.messages) == 1)
            await until(lambda: run("webhook", "list", "--json").document[0]["pending"] == 0)
    assert before == []
    with transaction(deployment) as connection:
        (written,) = reports(connection)
    assert (written.events, written.attackers, written.new_attackers) == (3, 1, 0)
    message, plain, page = parsed(mail.messages[0])
    assert message["Subject"].startswith("[informational] Report: ")
    assert "3 events from 1 attacker, 0 of them new" in message["Subject"]
    assert plain.splitlines()[2:] == written.text.splitlines()
    assert "HTTP requests" in plain
    assert page.splitlines() == written.html.splitlines()
    assert EVIL not in page
    assert "&lt;script&gt;" in page
    assert len(mail.messages) == 1


async def test_a_report_waits_for_a_mail_server_that_is_away(deployment: Deployment, run: Run) -> None:
    bus, mail = MemoryBus(), MailServer(None, RCPT=b"450 later\r\n")
    quick = WebhookSettings(poll_seconds=0.5, first_retry_seconds=0.05, retry_factor=1.0, breaker_seconds=0.05)
    async with server(mail) as port:
        added(run, port)
        async with (
            running(deployment, bus, Webhook(quick)),
            running(deployment, bus, Reporter(ReporterSettings(at="00:00"))),
        ):
            await until(lambda: b"RCPT TO:<boss@x.test>" in mail.lines)
            mail.says.clear()
            await until(lambda: mail.messages)
    assert "Nobody was here" in parsed(mail.messages[0])[2]


def test_a_report_is_as_short_as_a_mail_needs(
    deployment: Deployment, store: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    store(*(HttpRequest("GET", f"/{number}/{'&' * 300}") for number in range(200)))
    with transaction(deployment) as connection:
        long = written_report(connection, Window(), 200, 1)
        monkeypatch.setattr(writing, "MAX_CHARACTERS", 24 * 1024)
        short = written_report(connection, Window(), 200, 1)
    assert 24 * 1024 < len(long.html) < MAX_CHARACTERS * 4
    assert max(len(short.html), len(short.text)) <= 24 * 1024
    assert short.html.count("<tr>") < long.html.count("<tr>")
    assert short.events == long.events == 200


def test_a_report_is_sent_at_once_to_whom_it_may_concern(run: Run, deployment: Deployment) -> None:
    assert run("report", "--send").code == 1
    added(run, 9, "--kind", "canary.*")
    assert "decnet webhook add" in run("report", "--send").err
    chosen = added(run, 9, "--kind", "report.written")
    said = run("report", "--since", "24h", "--send")
    assert (said.code, said.out.count("mail")) == (0, 1)
    assert chosen in said.out
    with transaction(deployment) as connection:
        (written,) = reports(connection)
    assert "Nobody was here" in written.html


def test_the_time_of_day_is_checked(run: Run, deployment: Deployment) -> None:
    os.environ["DECNET_REPORTER_AT"] = "7 o'clock"
    said = run("config", "check")
    assert said.code != 0
    assert "[reporter] at" in said.err + said.out
