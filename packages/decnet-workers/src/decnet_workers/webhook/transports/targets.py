# SPDX-License-Identifier: MIT
"""What endpoints' URLs mean to each transport; pure, and without loading any."""

import re

from decnet_workers.outbound.target import Target, TargetError, parse_server, parse_target
from decnet_workers.webhook.formats.registry import PREFIXES, SCHEMES

_SYSLOG = {"syslog+tls": (True, 6514), "syslog+tcp": (False, 514), "syslog+udp": (False, 514)}
_SMTP = {"smtp": (False, 587), "smtps": (True, 465)}
_FILE = re.compile(r"file:([A-Za-z0-9][A-Za-z0-9._-]{0,99})")


def check_url(url: str) -> None:
    """Raise TargetError when `url` cannot be sent to."""
    match SCHEMES.get(url.partition(":")[0].lower()):
        case "http":
            parse_target(url)
        case "syslog":
            parse_syslog(url)
        case "smtp":
            parse_smtp(url)
        case "file":
            parse_file(url)
        case _:
            raise TargetError(f"a URL begins with one of: {PREFIXES}")


def parse_syslog(url: str) -> tuple[str, Target]:
    """Return `tls`, `tcp` or `udp`, and the server; raises TargetError."""
    target = parse_server(url, _SYSLOG)
    return url.partition(":")[0].lower().removeprefix("syslog+"), target


def parse_smtp(url: str) -> Target:
    """Return the server, to which TLS is begun later where it is not from the start; raises TargetError."""
    return parse_server(url, _SMTP, upgrades=True)


def parse_file(url: str) -> str:
    """Return the name of the file; raises TargetError."""
    found = _FILE.fullmatch(url)
    if found is None:
        raise TargetError("write file:NAME; the name has letters, digits and ._- and the file is in <state>/alerts")
    return found[1]
