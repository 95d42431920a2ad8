# SPDX-License-Identifier: MIT
"""Rules: listed with state and hits, enabled, disabled, capped; tried on events; the operator's own files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import msgspec
import pytest
from tests.decnet_web.api.served import Served, serving

from decnet.fleet.deployment import transaction
from decnet_core.events.catalogue import CommandRun
from decnet_core.events.envelope import Event
from decnet_core.settings import Settings
from decnet_models.events.queries import insert_events
from decnet_models.ttp.queries import Tag, add_tags
from decnet_models.ttp.rule_states import RuleState, rule_states
from decnet_web.api.application import make_application
from decnet_web.api.fleet import Fleet

CRON = "458604e6-6ae4-582e-8250-8eaadb9a26e1"
RULE = """
title: Hello said
id: 1f0e1d2c-0000-4000-8000-000000000001
status: test
description: Somebody says hello.
tags: [attack.discovery, attack.t1033]
logsource: {product: decnet, category: session.command}
detection:
  hello: {command|contains: hello}
  condition: hello
level: low
"""


def event(number: int, command: str) -> Event:
    payload = CommandRun("ssh", command)
    ts = 1_795_478_400_000_000_000 + number
    return Event(
        id=UUID(int=number), ts=ts, sensor="here", payload=payload, decky="web-01", src_ip="192.0.2.7", session="s"
    )


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A fleet with a folder for own rules and ten events, of which the third says hello and the fifth plants a job."""
    with serving(tmp_path_factory.mktemp("fleet")) as plain:
        root = plain.deployment.state.root
        (root / "rules").mkdir()
        sections = {"state": {"dir": str(root)}, "ttp": {"rules_dir": str(root / "rules")}}
        deployment = msgspec.structs.replace(plain.deployment, settings=Settings(sections, {}, ""))
        commands = {3: "echo hello", 5: "echo '* * * * * x' > /etc/cron.d/x"}
        with transaction(deployment, write=True) as connection:
            insert_events(connection, [event(number, commands.get(number, "id")) for number in range(1, 11)])
            tag = Tag(5, UUID(CRON), "T1053.003", UUID(int=1), "Cron", "high", "192.0.2.7", UUID(int=5), 5)
            add_tags(connection, [tag])
        fleet = Fleet(deployment)
        yield msgspec.structs.replace(plain, application=make_application(fleet), deployment=deployment)
        fleet.close()


async def test_rules_are_listed_with_their_hits_and_what_they_recognise(served: Served) -> None:
    async with served.client("viewer") as client:
        found = (await client.get("/api/v1/rules")).json()
    rules = {one["id"]: one for one in found["items"]}
    cron = rules[CRON]
    assert (cron["title"], cron["level"], cron["source"]) == ("Cron job planted", "high", "session.command")
    assert cron["techniques"] == {"T1053.003": "Scheduled Task/Job: Cron"}
    assert "persistence" in cron["tactics"]
    assert (cron["hits"], cron["attackers"], cron["setting"], cron["shipped"]) == (1, 1, None, True)
    assert sum(one["hits"] for one in rules.values()) == 1
    assert found["refused"] == []


async def test_a_rule_is_capped_disabled_for_a_time_and_enabled(served: Served) -> None:
    path = f"/api/v1/rules/{CRON}/state"
    async with served.client("analyst") as client:
        capped = await client.put(path, json={"state": "capped", "cap": 3, "reason": "noisy"})
        assert capped.json()["setting"] == {"state": "capped", "cap": 3, "expires_at": None, "reason": "noisy"}
        disabled = await client.put(path, json={"state": "disabled", "hours": 2})
        assert disabled.json()["setting"]["expires_at"]
        for wrong in (("capped", None), ("disabled", 3), ("gone", None), ("capped", 0)):
            assert (await client.put(path, json={"state": wrong[0], "cap": wrong[1]})).status_code == 422
        with transaction(served.deployment) as connection:
            assert isinstance(rule_states(connection)[UUID(CRON)], RuleState)
        assert (await client.put(path, json={"state": "enabled"})).json()["setting"] is None
        assert (await client.put(f"/api/v1/rules/{UUID(int=0)}/state", json={"state": "disabled"})).status_code == 404
    with transaction(served.deployment) as connection:
        assert rule_states(connection) == {}
    async with served.client("viewer") as client:
        assert (await client.put(path, json={"state": "enabled"})).status_code == 403


async def test_a_text_is_checked_and_tried_on_the_newest_events(served: Served) -> None:
    async with served.client("analyst") as client:
        found = (await client.post("/api/v1/rules/check", json={"text": RULE, "newest": 100})).json()
    assert (found["good"], found["rules"], found["events"], found["complete"]) == (True, 1, 10, True)
    (one,) = found["first"]
    assert (one["seq"], one["title"], one["technique"], one["attacker"]) == (3, "Hello said", "T1033", "192.0.2.7")


async def test_what_is_wrong_with_a_text_is_told_with_its_line(served: Served) -> None:
    async with served.client("analyst") as client:
        for text, line in (
            (RULE.replace("attack.t1033", "attack.t9999"), 6),
            ("title: [", 1),
            (RULE.replace("low", "x"), 11),
        ):
            found = (await client.post("/api/v1/rules/check", json={"text": text, "newest": 0})).json()
            assert not found["good"]
            assert found["refused"][0]["line"] in (line, line + 1)
            assert found["refused"][0]["reason"]


async def test_all_rules_are_tried_on_an_event_that_is_given(served: Served) -> None:
    given = msgspec.to_builtins(event(99, "echo x >> /etc/cron.d/y"))
    given |= {"id": str(given["id"])}
    async with served.client("analyst") as client:
        found = (await client.post("/api/v1/rules/check", json={"events": [given]})).json()
        assert "Cron job planted" in [one["title"] for one in found["first"]]
        bad = await client.post("/api/v1/rules/check", json={"events": [{"kind": "nothing"}]})
        assert bad.status_code == 422
    assert found["first"][0]["seq"] is None


async def test_a_file_of_rules_is_written_only_when_it_is_good_and_as_it_was_seen(served: Served) -> None:
    folder = Path(served.deployment.state.root) / "rules"
    path = "/api/v1/rules/files/hello.yml"
    async with served.client("admin") as client:
        bad = await client.put(path, json={"text": RULE.replace("low", "worst")})
        assert bad.status_code == 422
        assert bad.json()["refused"][0]["line"]
        assert not any(folder.iterdir())
        made = await client.put(path, json={"text": RULE})
        assert made.status_code == 200
        assert (folder / "hello.yml").read_text() == RULE
        assert (await client.put(path, json={"text": RULE})).status_code == 409
        changed = await client.put(path, json={"text": RULE.replace("low", "high"), "digest": made.json()["digest"]})
        assert changed.status_code == 200
        rules = (await client.get("/api/v1/rules")).json()["items"]
        assert [(one["level"], one["shipped"]) for one in rules if one["title"] == "Hello said"] == [("high", False)]
        assert [one["name"] for one in (await client.get("/api/v1/rules/files")).json()["items"]] == ["hello.yml"]
        assert (await client.delete(path, params={"digest": made.json()["digest"]})).status_code == 409
        assert (await client.delete(path, params={"digest": changed.json()["digest"]})).status_code == 204
        assert (await client.get("/api/v1/rules/files/cron_job.yml")).json()["shipped"]
        for name in ("..%2Fx.yml", "x.txt", ".x.yml", "a%00.yml"):
            assert (await client.get(f"/api/v1/rules/files/{name}")).status_code in (400, 404, 422)
    async with served.client("analyst") as client:
        assert (await client.put(path, json={"text": RULE})).status_code == 403
