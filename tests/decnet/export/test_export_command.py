# SPDX-License-Identifier: MIT
"""`decnet export` on a real database: what the documents contain, the same each time; see also test_export_readers."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from tests.decnet.command_result import Run
from tests.decnet.export.found import Found

from decnet_workers.ttp.attack import technique

FORMATS = ("stix", "misp", "navigator", "csv")


def objects(run: Run, *more: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = run("export", "--format", "stix", *more).document["objects"]
    return found


def of_type(found: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [one for one in found if one["type"] == kind]


@pytest.mark.parametrize("form", FORMATS)
def test_the_same_findings_are_the_same_text(run: Run, found: Found, form: str) -> None:
    first = run("export", "--format", form)
    assert (first.code, first.err) == (0, "")
    assert run("export", "--format", form).out == first.out


def test_stix_ids_are_unique_and_every_reference_is_in_the_bundle(run: Run, found: Found) -> None:
    whole = objects(run)
    ids = [one["id"] for one in whole]
    assert len(ids) == len(set(ids))
    named = set(re.findall(r'_refs?": ?(?:\[)?"([\w-]+--[0-9a-f-]{36})"', json.dumps(whole)))
    assert named
    assert named <= set(ids)


def test_stix_names_addresses_files_and_techniques(run: Run, found: Found) -> None:
    whole = objects(run)
    assert {one["value"] for one in of_type(whole, "ipv4-addr")} == {"192.0.2.1", "192.0.2.2"}
    assert [one["value"] for one in of_type(whole, "ipv6-addr")] == ["2001:db8::1"]
    assert [one["hashes"] for one in of_type(whole, "file")] == [{"SHA-256": "ab" * 32}]
    numbers = {one["external_references"][0]["external_id"] for one in of_type(whole, "attack-pattern")}
    assert numbers == {"T1105", "T1110.001"}
    (sighting,) = [one for one in of_type(whole, "sighting") if one["count"] == 3]
    assert sighting["first_seen"] == "2026-11-24T00:00:01.000Z"


def test_a_text_that_is_no_url_is_no_url_object(run: Run, found: Found) -> None:
    assert [one["value"] for one in of_type(objects(run), "url")] == ["http://198.51.100.7/x"]


@pytest.mark.parametrize("form", FORMATS)
def test_an_attacker_or_a_time_limits_what_is_exported(run: Run, found: Found, form: str) -> None:
    one = run("export", "--format", form, "--attacker", "192.0.2.2").out
    assert "192.0.2.1" not in one
    early = run("export", "--format", form, "--until", "2026-11-24T00:00:02Z")
    assert early.code == 0
    assert "2001:db8::1" not in early.out


def test_an_identity_and_a_campaign_are_their_addresses(run: Run, found: Found) -> None:
    identity = objects(run, "--identity", str(found.identity))
    assert {one["value"] for one in of_type(identity, "ipv4-addr")} == {"192.0.2.1", "192.0.2.2"}
    assert [one["name"] for one in of_type(identity, "threat-actor")] == [f"DECNET identity {found.identity}"]
    campaign = objects(run, "--campaign", str(found.campaign))
    assert [one["name"] for one in of_type(campaign, "campaign")] == [f"DECNET campaign {found.campaign}"]
    assert len(of_type(campaign, "ipv4-addr")) == 2


def test_misp_has_attributes_and_galaxy_tags(run: Run, found: Found) -> None:
    event = run("export", "--format", "misp").document["Event"]
    values = {(one["type"], one["value"]) for one in event["Attribute"]}
    assert {("ip-src", "192.0.2.1"), ("sha256", "ab" * 32), ("url", "http://198.51.100.7/x")} <= values
    assert {"name": 'misp-galaxy:mitre-attack-pattern="Password Guessing - T1110.001"'} in event["Tag"]
    assert event["date"] == "2026-11-24"


def test_navigator_scores_attackers_or_the_findings_of_one(run: Run, found: Found) -> None:
    layer = run("export", "--format", "navigator").document
    assert layer["versions"] == {"attack": "18", "navigator": "5.1.0", "layer": "4.5"}
    assert layer["domain"] == "enterprise-attack"
    assert {one["techniqueID"]: one["score"] for one in layer["techniques"]} == {"T1105": 3, "T1110.001": 1}
    assert all(technique(one["techniqueID"]) for one in layer["techniques"])
    one = run("export", "--format", "navigator", "--attacker", "192.0.2.1").document
    assert {each["techniqueID"]: each["score"] for each in one["techniques"]} == {"T1105": 3}


def test_no_cell_of_a_table_is_a_formula(run: Run, found: Found) -> None:
    rows = list(csv.DictReader(io.StringIO(run("export", "--format", "csv").out)))
    assert len(rows) == 6
    assert {row["rule"] for row in rows} == {"Fetched", "'=cmd|' /C calc'!A0"}
    assert not [cell for row in rows for cell in row.values() if cell[:1] in ("=", "+", "-", "@")]


def test_a_file_is_written(run: Run, found: Found, tmp_path: Path) -> None:
    said = run("export", "--format", "stix", "--output", str(tmp_path / "x.json"))
    assert (said.code, said.out) == (0, "")
    assert json.loads((tmp_path / "x.json").read_text())["type"] == "bundle"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--attacker", "192.0.2.9"), 1, "no technique was recognised"),
        (("--attacker", "nobody"), 2, "not an IPv4 or IPv6 address"),
        (("--identity", str(UUID(int=5))), 1, "there is no"),
        (("--campaign", str(UUID(int=5))), 1, "there is no"),
        (("--attacker", "192.0.2.1", "--identity", str(UUID(int=5))), 2, "name one of"),
    ],
)
def test_what_cannot_be_exported_is_said(
    run: Run, found: Callable[..., None], arguments: tuple[str, ...], code: int, words: str
) -> None:
    said = run("export", "--format", "stix", *arguments)
    assert (said.code, words in said.err, said.out) == (code, True, "")
