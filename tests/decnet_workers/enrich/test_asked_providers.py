# SPDX-License-Identifier: MIT
"""Each provider that is asked, against a server that plays what it documents, its errors, and an attack."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable

import pytest
from tests.decnet_workers.enrich.playing_server import (
    MALICIOUS,
    NOT_SEEN,
    RESOLVER,
    TO_METADATA,
    TOO_MANY,
    Behaviour,
    PlayingServer,
    answer,
    checked,
    hang,
)

from decnet_core.net.addresses import parse_network
from decnet_models.intel.queries import Verdict
from decnet_workers.enrich.answers import Answer
from decnet_workers.enrich.asked import MAX_ANSWER_BYTES, HttpProvider, abuseipdb_provider, greynoise_provider
from decnet_workers.enrich.provider_error import ProviderError
from decnet_workers.outbound.dial import Dialler

ATTACKER = ipaddress.ip_address("185.220.101.4")
DIALLER = Dialler("enrich", allowed=(parse_network("127.0.0.0/8"),), connect_seconds=30)

Make = Callable[[], HttpProvider]


@pytest.fixture
def greynoise(server: PlayingServer) -> HttpProvider:
    return greynoise_provider(DIALLER, server.url("/v3/community/"), "gn-key", 50)


@pytest.fixture
def abuseipdb(server: PlayingServer) -> HttpProvider:
    return abuseipdb_provider(DIALLER, server.url("/api/v2/check"), "ab-key", 1000)


@pytest.fixture(params=["greynoise", "abuseipdb"])
def provider(request: pytest.FixtureRequest) -> HttpProvider:
    made: HttpProvider = request.getfixturevalue(request.param)
    return made


@pytest.mark.parametrize(
    ("said", "verdict", "reason"),
    [
        (MALICIOUS, "malicious", "scans the Internet, classified malicious"),
        ({**MALICIOUS, "classification": "unknown", "name": "Acme"}, "unknown", "scans the Internet, Acme"),
        ({**MALICIOUS, "classification": "benign", "name": "Shodan.io"}, "benign", "classified benign, Shodan.io"),
        (RESOLVER, "benign", "common business service, Cloudflare Public DNS"),
    ],
)
async def test_greynoise_knows(
    greynoise: HttpProvider, server: PlayingServer, said: object, verdict: Verdict, reason: str
) -> None:
    server.answers = [answer(200, said)]
    got = await greynoise.ask(ATTACKER, 5)
    assert (got.verdict, got.is_known) == (verdict, True)
    assert reason in got.reasons[0]
    assert [one.target for one in server.requests] == ["/v3/community/185.220.101.4"]
    assert server.requests[0].headers["key"] == "gn-key"


async def test_an_address_that_greynoise_has_not_seen_is_unknown(
    greynoise: HttpProvider, server: PlayingServer
) -> None:
    server.answers = [answer(404, NOT_SEEN), answer(200, NOT_SEEN)]
    assert [await greynoise.ask(ATTACKER, 5) for _ in range(2)] == [Answer(), Answer()]
    assert not greynoise.takes(ipaddress.ip_address("2606:4700::1111"))


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        (checked(100), "malicious"),
        (checked(75), "malicious"),
        (checked(74), "suspicious"),
        (checked(25), "suspicious"),
        (checked(24), "unknown"),
        (checked(0), "unknown"),
        (checked(90, isWhitelisted=True), "benign"),
    ],
)
async def test_abuseipdb_knows(abuseipdb: HttpProvider, server: PlayingServer, said: object, verdict: Verdict) -> None:
    server.answers = [answer(200, said)]
    got = await abuseipdb.ask(ATTACKER, 5)
    assert got.verdict == verdict
    assert server.requests[0].target == "/api/v2/check?ipAddress=185.220.101.4&maxAgeInDays=90"
    assert server.requests[0].headers["key"] == "ab-key"


async def test_abuseipdb_explains_itself_and_one_without_reports_is_not_known(
    abuseipdb: HttpProvider, server: PlayingServer
) -> None:
    server.answers = [answer(200, checked(80)), answer(200, checked(0))]
    known = await abuseipdb.ask(ATTACKER, 5)
    assert known.reasons == ("abuse confidence 80 %, 12 reports by 4 users",)
    assert (known.detail["country"], known.detail["isp"]) == ("DE", "Network for Tor Exits")
    assert await abuseipdb.ask(ATTACKER, 5) == Answer()


async def test_only_the_address_is_told(provider: HttpProvider, server: PlayingServer) -> None:
    server.answers = [answer(404)]
    await provider.ask(ATTACKER, 5)
    (request,) = server.requests
    assert request.method == "GET"
    assert set(request.headers) == {"host", "user-agent", "accept-encoding", "connection", "accept", "key"}
    assert request.headers["user-agent"] == "DECNET"


@pytest.mark.parametrize(
    ("wrong", "reason", "wait"),
    [
        (answer(429, TOO_MANY, Retry_After="120"), "allows no more questions now (429)", 120.0),
        (answer(429, TOO_MANY), "allows no more questions now (429)", None),
        (answer(401, {"message": "unauthorized"}), "refused the key (401)", 21600.0),
        (answer(500, b"oops"), "answered 500", None),
        (answer(503, b"", Retry_After="7"), "answered 503", 7.0),
        (TO_METADATA, "redirects (302), which is not followed: set its new URL", None),
        (answer(200, b"<html>blocked</html>"), "the answer is not what it documents", None),
        (answer(200, b"[" * 60000), "the answer is not what it documents", None),
        (answer(200, {"data": "none"}), "the answer is not what it documents", None),
        (answer(200, b"x" * (MAX_ANSWER_BYTES + 1)), f"the answer is longer than {MAX_ANSWER_BYTES} bytes", None),
        (b"SSH-2.0-OpenSSH_9.2p1\r\n\r\n", "the answer was not HTTP", None),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{", "the answer was not HTTP", None),
        (b"", "the connection was closed without an answer", None),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000, "the answer was not HTTP", None),
    ],
    ids=lambda value: "" if isinstance(value, bytes) else None,
)
async def test_what_is_no_answer_is_a_failure_with_a_reason(
    provider: HttpProvider, server: PlayingServer, wrong: bytes, reason: str, wait: float | None
) -> None:
    server.answers = [wrong]
    with pytest.raises(ProviderError) as failed:
        await provider.ask(ATTACKER, 10)
    assert (str(failed.value), failed.value.wait_seconds) == (reason, wait)
    assert len(server.requests) == 1


async def test_a_flood_is_cut_off_and_silence_has_an_end(provider: HttpProvider, server: PlayingServer) -> None:
    silent: Behaviour = hang
    server.answers = [server.flood, silent]
    with pytest.raises(ProviderError, match="longer than"):
        await provider.ask(ATTACKER, 10)
    assert server.sent < 32 << 20  # what the kernel's buffers hold of two gigabytes
    with pytest.raises(ProviderError, match=r"no complete answer within 0\.2 s"):
        await provider.ask(ATTACKER, 0.2)


async def test_an_address_that_a_provider_does_not_take_is_no_failure(
    abuseipdb: HttpProvider, server: PlayingServer
) -> None:
    server.answers = [answer(422, {"errors": [{"detail": "The ip address must be a valid IP.", "status": 422}]})]
    assert (await abuseipdb.ask(ATTACKER, 5)).verdict == "unknown"


@pytest.mark.parametrize("host", ["169.254.169.254", "127.0.0.1", "10.0.0.1", "localhost"])
async def test_a_provider_may_not_be_an_address_of_ours(host: str) -> None:
    careful = Dialler("enrich", allowed=(), connect_seconds=1)
    provider = abuseipdb_provider(careful, f"https://{host}/check", "key", 1)
    with pytest.raises(ProviderError, match="refused: "):
        await provider.ask(ATTACKER, 5)
