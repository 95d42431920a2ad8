# SPDX-License-Identifier: MIT
"""Formats read by what their receivers, or those who know them well, publish on PyPI: every kind of notice."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.decnet_workers.webhook.formats.notices import HOSTILE, MARKUP, access_for, alert, every_kind

from decnet_workers.webhook.formats.registry import load

pytestmark = pytest.mark.oracle
ALERTS = [alert(HOSTILE), *every_kind(MARKUP), *every_kind("plain")]


def documents(name: str) -> list[Any]:
    form = load(name)
    return [json.loads(form.body(one, access_for(form))) for one in ALERTS]


def test_ocsf_findings_are_valid() -> None:
    finding = pytest.importorskip("py_ocsf_models.events.findings.detection_finding")
    for document in documents("ocsf"):
        read = finding.DetectionFinding.model_validate(document)
        assert (read.class_uid, read.type_uid) == (2004, document["type_uid"])
        assert read.finding_info.title == document["finding_info"]["title"]


def test_slack_blocks_are_valid() -> None:
    blocks = pytest.importorskip("slack_sdk.models.blocks")
    for document in documents("slack"):
        for block in document["blocks"]:
            read = blocks.Block.parse(block)
            read.validate_json()
            assert read.to_dict() == block


def test_misp_events_are_read_whole() -> None:
    pymisp = pytest.importorskip("pymisp")
    for document in documents("misp"):
        event = pymisp.MISPEvent()
        event.from_dict(**document["Event"])
        assert str(event.uuid) == document["Event"]["uuid"]
        assert [one.value for one in event.attributes] == [one["value"] for one in document["Event"]["Attribute"]]


def test_thehive_alerts_have_what_its_client_declares() -> None:
    types = pytest.importorskip("thehive4py.types.alert")
    for document in documents("thehive"):
        assert {"type", "source", "sourceRef", "title", "description"} <= set(document)
        assert set(document) <= set(types.InputAlert.__annotations__)
