# SPDX-License-Identifier: MIT
"""`decnet intel` on a database with findings, and how the operator has providers asked anew."""

from __future__ import annotations

import os
import time

from tests.decnet.command_result import Run

from decnet.fleet.deployment import Deployment, transaction
from decnet_core.events.notices import AttackerObserved
from decnet_models.intel.queries import Finding, keep
from decnet_models.intel.requests import waiting
from decnet_models.intel.verdicts import judge
from decnet_models.notices import queries as notices
from decnet_models.progress.queries import add_dead_letter, dead_letters_of
from decnet_workers.enrich.failed_lookups import set_aside

ADDRESS = "198.41.0.4"


def find(deployment: Deployment) -> None:
    now = time.time_ns()
    with transaction(deployment, write=True) as connection:
        bad = Finding(ADDRESS, "abuseipdb", "malicious", ("\x1b[31mred",), {"confidence": 90}, now, now + 10**12)
        old = Finding(ADDRESS, "dns", "unknown", (), {"names": ["a.example", "b.example"]}, now - 3600 * 10**9, now)
        keep(connection, [bad, old])
        judge(connection, [ADDRESS], now_ns=now)


def test_what_each_provider_says_is_shown_with_its_age(run: Run, deployment: Deployment) -> None:
    find(deployment)
    said = run("intel", ADDRESS)
    assert said.code == 0
    assert said.out.startswith(f"{ADDRESS}  malicious, since ")
    assert "\x1b" not in said.out
    for text in (r"abuseipdb: \x1b[31mred", "confidence 90", "no longer holds", "names a.example, b.example"):
        assert text in said.out
    document = run("intel", f"::ffff:{ADDRESS}", "--json").document
    assert (document["verdict"], len(document["findings"]), document["waiting"]) == ("malicious", 2, [])


def test_an_address_that_nobody_was_asked_about_is_not_found(run: Run, deployment: Deployment) -> None:
    said = run("intel", "192.0.2.9")
    assert said.code == 1
    assert "decnet intel 192.0.2.9 --refresh asks" in said.err
    assert run("intel", "nonsense").code == 2


def test_the_operator_has_every_provider_asked_anew(run: Run, deployment: Deployment) -> None:
    assert "no provider is used" in run("intel", ADDRESS, "--refresh").err
    os.environ["DECNET_ENRICH_PROVIDERS"] = '["tor", "dns"]'
    said = run("intel", ADDRESS, "--refresh")
    assert (said.code, "still to be asked: dns, tor" in said.out) == (0, True)
    with transaction(deployment) as connection:
        assert waiting(connection) == {"dns": 1, "tor": 1}
    os.environ["DECNET_ENRICH_PROVIDERS"] = '["torr"]'
    assert "did you mean 'tor'?" in run("intel", ADDRESS, "--refresh").err


def test_one_that_was_set_aside_no_longer_is_when_asked_anew(run: Run, deployment: Deployment) -> None:
    os.environ["DECNET_ENRICH_PROVIDERS"] = '["tor"]'
    with transaction(deployment, write=True) as connection:
        for place, one in enumerate((ADDRESS, "198.41.0.9")):
            observed = AttackerObserved(ts=1, attacker=one)
            notices.add(connection, f"attacker.observed:{one}", observed, 1)
            set_aside(connection, one, f"ValueError: {place}", now_ns=1)
    assert run("intel", ADDRESS, "--refresh").code == 0
    with transaction(deployment) as connection:
        assert [letter.error for letter in dead_letters_of(connection, "enrich")] == ["198.41.0.9: ValueError: 1"]


def test_all_that_were_set_aside_are_asked_about_anew_by_one_command(run: Run, deployment: Deployment) -> None:
    os.environ["DECNET_ENRICH_PROVIDERS"] = '["tor"]'
    assert "nobody is set aside" in run("intel", "--set-aside").out
    with transaction(deployment, write=True) as connection:
        for one in (ADDRESS, "198.41.0.9", "2620:fe::fe"):
            observed = AttackerObserved(ts=1, attacker=one)
            notices.add(connection, f"attacker.observed:{one}", observed, 1)
            set_aside(connection, one, "ValueError: a: b", now_ns=1)
        add_dead_letter(connection, "enrich", 999, "KeyError: no address", now_ns=1)
    said = run("intel", "--set-aside")
    assert (said.code, said.out.strip()) == (0, "to be asked about anew: 3 of 3 addresses")
    with transaction(deployment) as connection:
        assert [letter.seq for letter in dead_letters_of(connection, "enrich")] == [999]
        assert waiting(connection) == {"tor": 3}
    assert run("intel", "--set-aside", ADDRESS).code == run("intel").code == 2
