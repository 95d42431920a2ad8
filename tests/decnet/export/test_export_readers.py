# SPDX-License-Identifier: MIT
"""Exports as other programs read them: OASIS' STIX validator, and MISP's own library."""

from __future__ import annotations

import json

import pytest
from tests.decnet.command_result import Run
from tests.decnet.export.found import Found

pytestmark = pytest.mark.oracle


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("of", ["", "identity", "campaign"])
def test_stix_validator_finds_no_error(run: Run, found: Found, of: str) -> None:
    validator = pytest.importorskip("stix2validator")
    text = run("export", "--format", "stix", *([f"--{of}", str(getattr(found, of))] if of else [])).out
    # Strict, but for two recommendations: random ids (ours stay the same) and hashes of web pages that are referred to.
    options = validator.ValidationOptions(version="2.1", strict=True, disabled="103,302")
    results = validator.validate_string(text, options)
    results = results if isinstance(results, list) else [results]
    assert [str(error) for result in results for error in result.errors or []] == []
    assert all(result.is_valid for result in results)


@pytest.mark.filterwarnings("ignore")
def test_stix_library_makes_the_same_observable_ids(run: Run, found: Found) -> None:
    stix2 = pytest.importorskip("stix2")
    bundle = stix2.parse(run("export", "--format", "stix").out, allow_custom=False)
    addresses = [one for one in bundle.objects if one.type == "ipv4-addr"]
    assert [one.id for one in addresses] == [stix2.IPv4Address(value=one.value).id for one in addresses]
    (file,) = [one for one in bundle.objects if one.type == "file"]
    assert file.id == stix2.File(hashes={"SHA-256": "ab" * 32}).id


@pytest.mark.filterwarnings("ignore")
def test_pymisp_reads_the_event_back(run: Run, found: Found) -> None:
    pymisp = pytest.importorskip("pymisp")
    event = pymisp.MISPEvent()
    event.load(json.loads(run("export", "--format", "misp").out))
    assert {one.value for one in event.attributes if one.type == "ip-src"} == {"192.0.2.1", "192.0.2.2", "2001:db8::1"}
    assert len(event.tags) == 2
    again = json.loads(event.to_json())
    assert again["uuid"] == str(event.uuid)
