# SPDX-License-Identifier: MIT
"""The worker on a real database: new attackers become findings and verdicts, within each provider's limits."""

from __future__ import annotations

import time

import pytest
from tests.decnet_workers.enrich.conftest import Fleet, Start
from tests.decnet_workers.enrich.playing_server import (
    MALICIOUS,
    NOT_SEEN,
    TO_METADATA,
    TOO_MANY,
    PlayingServer,
    answer,
    checked,
    hang,
)

from decnet_core.events.notices import AttackerJudged
from decnet_core.exits import StartupError

ATTACKER, OTHER = "185.220.101.4", "198.41.0.4"
NS = 1_000_000_000


async def test_a_new_attacker_is_asked_about_and_judged(
    fleet: Fleet, server: PlayingServer, start_enrich: Start
) -> None:
    server.answers = [answer(200, MALICIOUS)]
    await start_enrich("greynoise")
    fleet.observe(ATTACKER)
    await fleet.until(lambda: fleet.finding(ATTACKER, "greynoise"))
    found = fleet.finding(ATTACKER, "greynoise")
    assert found is not None
    assert found.verdict == "malicious"
    assert found.expires_at - found.fetched_at == 24 * 3600 * NS
    (judged,) = fleet.judged()
    assert judged == AttackerJudged(
        judged.ts,
        ATTACKER,
        "malicious",
        "unknown",
        ("greynoise: scans the Internet, classified malicious",),
    )
    assert fleet.waiting() == {}


async def test_who_is_not_known_is_asked_about_again_sooner(
    fleet: Fleet, server: PlayingServer, start_enrich: Start
) -> None:
    server.answers = [answer(404, NOT_SEEN)]
    await start_enrich("greynoise")
    fleet.observe(OTHER)
    await fleet.until(lambda: fleet.finding(OTHER, "greynoise"))
    found = fleet.finding(OTHER, "greynoise")
    assert found is not None
    assert (found.verdict, found.expires_at - found.fetched_at) == ("unknown", 4 * 3600 * NS)
    assert fleet.judged() == []


async def test_nobody_is_told_about_private_own_and_excluded_addresses(
    fleet: Fleet, server: PlayingServer, start_enrich: Start
) -> None:
    server.answers = [answer(404)]
    await start_enrich("greynoise", "abuseipdb", exclude=("8.8.8.0/24",))
    fleet.observe("10.1.2.3", "127.0.0.1", "192.168.1.1", "100.64.1.1", "fe80::1", "169.254.169.254", "8.8.8.8", OTHER)
    await fleet.until(lambda: fleet.finding(OTHER, "greynoise") and fleet.finding(OTHER, "abuseipdb"))
    assert all(OTHER in one.target for one in server.requests)
    assert len(server.requests) == 2


async def test_a_quota_holds_over_restarts(fleet: Fleet, server: PlayingServer, start_enrich: Start) -> None:
    server.answers = [answer(200, checked(100))]
    stop = await start_enrich("abuseipdb", abuseipdb_questions=3)
    fleet.observe(*(f"185.220.101.{n}" for n in range(1, 6)))
    await fleet.until(lambda: fleet.quota("abuseipdb").used == 3 and fleet.waiting() == {"abuseipdb": 2})
    await stop()
    await start_enrich("abuseipdb", abuseipdb_questions=3)
    fleet.observe("185.220.101.9")
    await fleet.until(lambda: fleet.waiting() == {"abuseipdb": 3})
    assert len(server.requests) == 3


async def test_retry_after_holds_over_restarts(fleet: Fleet, server: PlayingServer, start_enrich: Start) -> None:
    server.answers = [answer(429, TOO_MANY, Retry_After="3600")]
    stop = await start_enrich("greynoise")
    fleet.observe(ATTACKER)
    await fleet.until(lambda: fleet.quota("greynoise").failures == 1)
    quota = fleet.quota("greynoise")
    assert quota.error == "allows no more questions now (429)"
    assert quota.not_before is not None
    assert 3000 * NS < quota.not_before - time.time_ns() <= 3600 * NS
    await stop()
    await start_enrich("greynoise")
    fleet.observe(OTHER)
    await fleet.until(lambda: fleet.waiting() == {"greynoise": 2})
    assert len(server.requests) == 1


@pytest.mark.parametrize("wrong", [TO_METADATA, answer(200, b"no JSON"), hang], ids=["redirect", "no-json", "hang"])
async def test_a_provider_that_fails_keeps_no_other_waiting(
    fleet: Fleet, server: PlayingServer, start_enrich: Start, wrong: bytes
) -> None:
    broken = PlayingServer()
    await broken.start()
    broken.answers = [wrong]
    server.answers = [answer(200, MALICIOUS)]
    await start_enrich("abuseipdb", "greynoise", abuseipdb_url=broken.url("/check"), attempt_seconds=2)
    fleet.observe(ATTACKER)
    await fleet.until(lambda: fleet.finding(ATTACKER, "greynoise"))
    await fleet.until(lambda: fleet.quota("abuseipdb").failures == 1)
    assert fleet.waiting() == {"abuseipdb": 1}
    await broken.stop()


async def test_the_worst_verdict_counts(fleet: Fleet, server: PlayingServer, start_enrich: Start) -> None:
    other = PlayingServer()
    await other.start()
    other.answers = [answer(200, {**MALICIOUS, "classification": "benign"})]
    server.answers = [answer(200, checked(100))]
    await start_enrich("greynoise", "abuseipdb", greynoise_url=other.url("/"))
    fleet.observe(ATTACKER)
    await fleet.until(lambda: fleet.finding(ATTACKER, "greynoise") and fleet.finding(ATTACKER, "abuseipdb"))
    await fleet.until(lambda: fleet.judged() and fleet.judged()[-1].verdict == "malicious")
    await other.stop()


async def test_the_operator_may_ask_anew(fleet: Fleet, server: PlayingServer, start_enrich: Start) -> None:
    server.answers = [answer(200, MALICIOUS), answer(200, {**MALICIOUS, "classification": "benign"})]
    await start_enrich("greynoise")
    fleet.observe(ATTACKER)
    await fleet.until(lambda: fleet.finding(ATTACKER, "greynoise"))
    fleet.request("greynoise", ATTACKER)
    await fleet.until(lambda: len(fleet.judged()) == 2)
    assert [one.verdict for one in fleet.judged()] == ["malicious", "benign"]


async def test_too_many_questions_give_up_those_that_came_first(
    fleet: Fleet, server: PlayingServer, start_enrich: Start
) -> None:
    server.answers = [answer(429, TOO_MANY, Retry_After="3600")]
    await start_enrich("greynoise", queue=5)
    fleet.observe("9.9.9.1")
    await fleet.until(lambda: fleet.quota("greynoise").failures)
    for n in range(2, 12):
        fleet.observe(f"9.9.9.{n}")
    await fleet.until(lambda: fleet.waiting() == {"greynoise": 5})


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"providers": ("grynoise",)}, "there is no provider 'grynoise'; did you mean 'greynoise'?"),
        ({"providers": ("abuseipdb",), "abuseipdb_key": ""}, "abuseipdb_key: the provider needs a key"),
        ({"providers": ("threatfox",), "threatfox_key": ""}, "threatfox_key: the provider needs a key"),
        ({"providers": ("mmdb",)}, "mmdb_files: the provider mmdb needs a file"),
        ({"providers": ("mmdb",), "mmdb_files": ("/none.mmdb",)}, "mmdb_files: /none.mmdb cannot be used"),
        ({"providers": ("tor",), "exclude": ("10.0.0.0/33",)}, "write e.g. 10.1.0.0/16"),
        ({"providers": ("dns",), "dns_servers": ("nowhere",)}, "dns_servers: 'nowhere' is not ADDRESS:PORT"),
    ],
)
async def test_a_setting_that_cannot_work_is_named(
    start_enrich: Start, settings: dict[str, object], message: str
) -> None:
    providers = settings.pop("providers")
    assert isinstance(providers, tuple)
    with pytest.raises(StartupError, match=r"^\[enrich\] ") as refused:
        await start_enrich(*providers, **settings)
    assert message in str(refused.value)
