# SPDX-License-Identifier: MIT
"""Lists: fetched whole on their schedule, bounded, kept, and looked up; the last version survives every bad one."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from tests.decnet_workers.enrich.conftest import Fleet, Start
from tests.decnet_workers.enrich.playing_server import TO_METADATA, PlayingServer, answer

from decnet_models.attackers import tables as attackers
from decnet_models.database.engine import open_engine, writing
from decnet_models.intel.queries import Finding

ATTACKER, OTHER = "185.220.101.4", "198.41.0.4"

FEODO = b"""################################################################
# abuse.ch Feodo Tracker Botnet C2 IP Blocklist (CSV)          #
################################################################
"first_seen_utc","dst_ip","dst_port","c2_status","last_online","malware"
"2026-01-17 07:30:05","185.220.101.4","443","online","2026-11-28","QakBot"
# END 1 entries
"""
THREATFOX = b"""# ThreatFox IOCs: recent additions - CSV format
# "first_seen_utc","ioc_id","ioc_value","ioc_type","threat_type","fk_malware","malware_alias","malware_printable",\
"last_seen_utc","confidence_level","is_compromised","reference","tags","anonymous","reporter"\r
"2026-11-04 22:19:04", "1", "evil.example", "domain", "payload_delivery", "js.clearfake", "None", "ClearFake", "", \
"100", "False", "None", "a,b", "1", "anonymous"\r
"2026-11-04 21:46:30", "2", "185.220.101.4:5555", "ip:port", "botnet_cc", "win.cobalt_strike", "a,b", \
"Cobalt Strike", "", "75", "False", "None", "c", "0", "abuse_ch"\r
"2026-11-04 21:46:30", "3", "198.41.0.4:80", "ip:port", "botnet_cc", "win.x", "None", "X", "", "49", "False", \
"None", "None", "0", "abuse_ch"\r
"""
TOR = b"185.220.101.4\n185.220.101.5\n"


def seen(fleet: Fleet, *addresses: str) -> None:
    """Write the rows that profiler keeps of attackers."""
    now = time.time_ns()
    engine = open_engine(f"sqlite:///{fleet.state / 'decnet.db'}")
    rows = [{"ip": one, "first_seen": now, "last_seen": now} for one in addresses]
    with writing(engine) as connection:
        connection.execute(attackers.attacker.insert(), rows)
    engine.dispose()


async def verdict(fleet: Fleet, provider: str) -> Finding:
    await fleet.until(lambda: fleet.finding(ATTACKER, provider))
    found = fleet.finding(ATTACKER, provider)
    assert found is not None
    return found


FETCHED = {
    "feodo": (FEODO, "/feodo.csv", "malicious", "QakBot command and control server"),
    "threatfox": (THREATFOX, "/the-auth-key/recent.csv", "malicious", "Cobalt Strike (botnet_cc)"),
    "tor": (TOR, "/torbulkexitlist", "suspicious", "exit of the Tor network"),
}


@pytest.mark.parametrize("provider", FETCHED)
async def test_who_was_there_before_the_list_is_found_in_it(
    fleet: Fleet, server: PlayingServer, start_enrich: Start, provider: str
) -> None:
    body, path, expected, reason = FETCHED[provider]
    seen(fleet, ATTACKER, OTHER)
    server.answers = [answer(200, body)]
    await start_enrich(provider)
    found = await verdict(fleet, provider)
    assert (found.verdict, found.reasons) == (expected, (reason,))
    assert fleet.finding(OTHER, provider) is None
    assert [one.target for one in server.requests] == [path]


async def test_who_comes_after_the_list_is_found_in_it_too(
    fleet: Fleet, server: PlayingServer, start_enrich: Start
) -> None:
    server.answers = [answer(200, TOR)]
    await start_enrich("tor")
    await fleet.until((fleet.state / "lists" / "tor.list").exists)
    fleet.observe(ATTACKER, OTHER)
    assert (await verdict(fleet, "tor")).verdict == "suspicious"
    assert len(fleet.judged()) == 1


async def test_who_is_taken_off_the_list_is_judged_anew(
    fleet: Fleet, server: PlayingServer, start_enrich: Start
) -> None:
    seen(fleet, ATTACKER)
    server.answers = [answer(200, TOR), answer(200, b"185.220.101.5\n")]
    stop = await start_enrich("tor")
    await verdict(fleet, "tor")
    await stop()
    make_due(fleet, "tor")
    await start_enrich("tor")
    await fleet.until(lambda: len(fleet.judged()) == 2)
    assert [one.verdict for one in fleet.judged()] == ["suspicious", "unknown"]
    assert fleet.finding(ATTACKER, "tor") is None


def make_due(fleet: Fleet, name: str) -> None:
    """Make the version on disk a day old."""
    os.utime(fleet.state / "lists" / f"{name}.list", (time.time() - 86400,) * 2)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (b"flood", "it is larger than 1 MiB"),
        (TO_METADATA, "redirects (302), which is not followed: set its new URL"),
        (answer(200, b"<html>\n<body>\nmaintenance\n</body>\n</html>\n"), "5 of 5 lines are not of the list's format"),
        (answer(200, b"x" * 70000), "a line is too long"),
        (answer(500, b""), "answered 500"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n1.2.3.4\n", "the answer was not HTTP"),
    ],
    ids=["flood", "redirect", "html", "line", "error", "cut"],
)
async def test_a_bad_answer_leaves_the_last_version(
    fleet: Fleet, server: PlayingServer, start_enrich: Start, wrong: bytes, reason: str
) -> None:
    server.answers = [answer(200, TOR)]
    stop = await start_enrich("tor", list_max_mib=1)
    await fleet.until((fleet.state / "lists" / "tor.list").exists)
    await stop()
    make_due(fleet, "tor")
    server.answers = [server.flood if wrong == b"flood" else wrong]
    await start_enrich("tor", list_max_mib=1)
    await fleet.until(lambda: fleet.quota("tor").failures == 1)
    assert fleet.quota("tor").error == reason
    fleet.observe(ATTACKER)
    assert (await verdict(fleet, "tor")).verdict == "suspicious"
    assert server.sent < 64 << 20
    assert sorted(one.name for one in (fleet.state / "lists").iterdir()) == ["tor.list"]


async def test_a_list_that_has_not_changed_is_not_sent_again(
    fleet: Fleet, server: PlayingServer, start_enrich: Start
) -> None:
    server.answers = [answer(200, TOR, ETag='"v1"'), answer(304)]
    stop = await start_enrich("tor")
    await fleet.until((fleet.state / "lists" / "tor.list").exists)
    await stop()
    make_due(fleet, "tor")
    await start_enrich("tor")
    await fleet.until(lambda: len(server.requests) == 2)
    assert server.requests[1].headers["if-none-match"] == '"v1"'
    await fleet.until(lambda: time.time() - (fleet.state / "lists" / "tor.list").stat().st_mtime < 3600)
    fleet.observe(ATTACKER)
    await verdict(fleet, "tor")


async def test_the_operators_own_list_is_read_from_a_file(fleet: Fleet, start_enrich: Start, tmp_path: Path) -> None:
    file = tmp_path / "partners.txt"
    file.write_text("# our partners\n185.220.101.0/24 ; SBL1\n2001:4860::/32\n\n")
    own = {"name": "partners", "source": str(file), "verdict": "benign", "reason": "our partners"}
    await start_enrich("partners", lists=(own,))
    await fleet.until((fleet.state / "lists" / "partners.list").exists)
    fleet.observe(ATTACKER)
    found = await verdict(fleet, "partners")
    assert (found.verdict, found.reasons) == ("benign", ("our partners",))
