# SPDX-License-Identifier: MIT
"""The formats that a source can have, each as a function from a line to its outcome."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from zoneinfo import ZoneInfo

from decnet_sniff.collect import cowrie, opencanary, syslog
from decnet_sniff.collect.outcome import Outcome
from decnet_sniff.collect.settings import Format

Parser = Callable[[bytes], Outcome]


def parser_of(name: Format, zone: str = "UTC") -> Parser:
    """Return a parser for one source; Cowrie's remembers which protocol each session speaks."""
    match name:
        case "cowrie":
            return functools.partial(cowrie.parse, services=cowrie.Services())
        case "opencanary":
            return opencanary.parse
        case "syslog":
            place = ZoneInfo(zone)
            return lambda line: syslog.parse(line, time.time_ns(), place)
