# SPDX-License-Identifier: MIT
"""Checks an endpoint's URL as its transport will read it, without loading that."""

from decnet_workers.outbound.target import TargetError, parse_target
from decnet_workers.webhook.formats.registry import PREFIXES, SCHEMES


def check_url(url: str) -> None:
    """Raise TargetError when `url` cannot be sent to."""
    match SCHEMES.get(url.partition(":")[0].lower()):
        case "http":
            parse_target(url)
        case _:
            raise TargetError(f"a URL begins with one of: {PREFIXES}")
