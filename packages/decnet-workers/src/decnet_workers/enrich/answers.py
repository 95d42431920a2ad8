# SPDX-License-Identifier: MIT
"""Reads the JSON of providers that are asked about one address; pure.

A provider may change what it sends, or be somebody else: what does not fit raises AnswerError, and nothing is believed.
"""

from typing import Any, Literal

import msgspec

from decnet_core.text import for_column
from decnet_models.intel.queries import Verdict
from decnet_workers.errors import WorkersError

WORDS = 200
"""Characters of a provider's text that are kept."""

MALICIOUS_CONFIDENCE = 75
"""From this abuse confidence (percent) on AbuseIPDB's own documentation recommends to block an address."""
SUSPICIOUS_CONFIDENCE = 25


class AnswerError(WorkersError):
    """The answer is not what the provider documents; the message says why, without what it sent."""


class Answer(msgspec.Struct, frozen=True):
    """A verdict with its reasons, and what else was said."""

    verdict: Verdict = "unknown"
    reasons: tuple[str, ...] = ()
    detail: dict[str, Any] = {}

    @property
    def is_known(self) -> bool:
        """Whether the provider knows the address at all."""
        return self.verdict != "unknown" or bool(self.detail)


class _Community(msgspec.Struct, frozen=True):
    """GreyNoise's Community API, version 3."""

    noise: bool
    riot: bool
    classification: Literal["malicious", "suspicious", "benign", "unknown"] = "unknown"
    name: str = "unknown"
    last_seen: str = ""


class _Check(msgspec.Struct, frozen=True, rename="camel"):
    """The `data` of AbuseIPDB's `check`, version 2."""

    abuse_confidence_score: int
    total_reports: int = 0
    num_distinct_users: int = 0
    is_whitelisted: bool | None = None
    is_tor: bool | None = None
    country_code: str | None = None
    usage_type: str | None = None
    isp: str | None = None
    domain: str | None = None
    last_reported_at: str | None = None


class _Checked(msgspec.Struct, frozen=True):
    data: _Check


_community = msgspec.json.Decoder(_Community)
_checked = msgspec.json.Decoder(_Checked)


def greynoise(body: bytes) -> Answer:
    """Return what GreyNoise says; raises AnswerError. `riot` means a common business service, `noise` a scanner."""
    said = _decoded(_community, body)
    detail = {"noise": said.noise, "riot": said.riot, **_texts(name=said.name, last_seen=said.last_seen)}
    who = "" if said.name in ("", "unknown") else f", {for_column(said.name, WORDS)}"
    if said.riot:
        return Answer("benign", (f"common business service{who}",), detail)
    if not said.noise:
        return Answer()
    if said.classification == "unknown":
        return Answer("unknown", (f"scans the Internet{who}",), detail)
    return Answer(said.classification, (f"scans the Internet, classified {said.classification}{who}",), detail)


def abuseipdb(body: bytes) -> Answer:
    """Return what AbuseIPDB says; raises AnswerError."""
    said = _decoded(_checked, body).data
    confidence = said.abuse_confidence_score
    detail = {
        "confidence": confidence,
        "reports": said.total_reports,
        **_texts(
            country=said.country_code,
            usage=said.usage_type,
            isp=said.isp,
            domain=said.domain,
            last_reported=said.last_reported_at,
        ),
    }
    if said.is_tor:
        detail["tor"] = True
    reason = f"abuse confidence {confidence} %, {said.total_reports} reports by {said.num_distinct_users} users"
    if said.is_whitelisted:
        return Answer("benign", ("on its whitelist",), detail)
    if confidence >= MALICIOUS_CONFIDENCE:
        return Answer("malicious", (reason,), detail)
    if confidence >= SUSPICIOUS_CONFIDENCE:
        return Answer("suspicious", (reason,), detail)
    return Answer("unknown", (reason,) if said.total_reports else (), detail if said.total_reports else {})


def _decoded(decoder: msgspec.json.Decoder[Any], body: bytes) -> Any:
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise AnswerError("the answer is not what it documents") from error


def _texts(**texts: str | None) -> dict[str, str]:
    return {name: for_column(text, WORDS) for name, text in texts.items() if text}
