# SPDX-License-Identifier: MIT
"""Link scanners are recognised by network, agent, method and what they just were; people are not."""

from __future__ import annotations

from decnet_core.net.addresses import parse_network
from decnet_workers.canary.scanners import MOST_REMEMBERED, Scanners

BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/131.0.0.0 Safari/537.36"
TOKEN = "a" * 24


def scanners() -> Scanners:
    return Scanners((parse_network("10.1.0.0/16"),), ("OurGateway",), 10.0)


def test_a_scanner_is_known_by_each_mark() -> None:
    for agent, address, method, why in (
        ("Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", "192.0.2.1", "GET", "agent slackbot"),
        ("Mozilla/5.0 ourgateway/3", "192.0.2.1", "GET", "agent ourgateway"),
        (BROWSER, "10.1.2.3", "GET", "network 10.1.0.0/16"),
        (BROWSER, "192.0.2.1", "HEAD", "method HEAD"),
    ):
        assert scanners().reason(TOKEN, address, 0.0, agent=agent, method=method) == why


def test_a_person_is_none() -> None:
    one = scanners()
    for agent in (BROWSER, "curl/8.5.0", None, "Microsoft Office Word/16.0", "git/2.39.5"):
        assert one.reason(TOKEN, "192.0.2.1", 0.0, agent=agent, method="GET") is None


def test_what_follows_a_scanner_at_once_is_its_own() -> None:
    one = scanners()
    assert one.reason(TOKEN, "192.0.2.1", 0.0, agent=BROWSER, method="HEAD")
    assert one.reason(TOKEN, "192.0.2.1", 9.0, agent=BROWSER, method="GET") == "just was one"
    assert one.reason(TOKEN, "192.0.2.2", 9.0, agent=BROWSER, method="GET") is None
    assert one.reason("b" * 24, "192.0.2.1", 9.0, agent=BROWSER, method="GET") is None
    assert one.reason(TOKEN, "192.0.2.1", 10.0, agent=BROWSER, method="GET") is None


def test_what_is_remembered_is_bounded() -> None:
    one = scanners()
    for number in range(MOST_REMEMBERED + 50):
        one.reason(f"{number}", "192.0.2.1", 0.0, method="HEAD")
    assert len(one._lately) == MOST_REMEMBERED
    assert one.reason("0", "192.0.2.1", 1.0, method="GET") is None
