# SPDX-License-Identifier: MIT
"""What browsers have reported of the dashboard's Content-Security-Policy: a bounded number of violations, in memory.

Anybody may send reports, since browsers send them without a token. The log has each violation once.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from typing import Any

import msgspec

from decnet_core.text import for_terminal

log = logging.getLogger(__name__)

MOST = 100
"""Different violations that are kept; of further ones only that there were some."""
MOST_OF_REQUEST = 20
_LONGEST = 256


class Violation(msgspec.Struct):
    """Something that a page tried and a browser prevented."""

    directive: str
    blocked: str
    page: str
    source: str
    times: int
    first_at: int
    last_at: int


class PolicyReports:
    """The violations that were reported since the process began."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, str], Violation] = {}
        self.number = 0
        """How many reports there were."""
        self.left_out = 0
        """How many of them are not among `violations`."""

    @property
    def violations(self) -> list[Violation]:
        """What is known of them, the latest first."""
        return sorted(self._known.values(), key=lambda one: -one.last_at)

    def add(self, reports: object) -> None:
        """Take in the body of a request, whatever it is."""
        for body in _bodies(reports):
            self.number += 1
            directive, blocked = _text(body, "effectiveDirective"), _text(body, "blockedURL")
            source = f"{_text(body, 'sourceFile')}:{_text(body, 'lineNumber')}"
            known, now = self._known.get((directive, blocked, source)), time.time_ns()
            if known is not None:
                known.times += 1
                known.last_at = now
            elif len(self._known) < MOST:
                page = _text(body, "documentURL")
                self._known[directive, blocked, source] = Violation(directive, blocked, page, source, 1, now, now)
                log.warning(
                    "a page broke its policy directive=%s blocked=%s page=%s at=%s", directive, blocked, page, source
                )
            else:
                self.left_out += 1


def _bodies(reports: object) -> Iterator[dict[str, Any]]:
    """Yield what violations of the policy are among the reports; a browser sends others, too."""
    for one in (reports if isinstance(reports, list) else [reports])[:MOST_OF_REQUEST]:
        body = one.get("body") if isinstance(one, dict) and one.get("type") == "csp-violation" else None
        if isinstance(body, dict):
            yield body


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    return for_terminal(str(value), _LONGEST) if isinstance(value, (str, int)) else ""
