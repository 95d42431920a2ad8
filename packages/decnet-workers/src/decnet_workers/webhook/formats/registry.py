# SPDX-License-Identifier: MIT
"""Every format by its name; the only list of them. A format is imported when it is used."""

import importlib
from urllib.parse import urlsplit

from decnet_workers.webhook.formats.format import Format

FORMATS: dict[str, str] = {
    "json": "plain.standard_webhooks",
    "slack": "chat.slack",
    "discord": "chat.discord",
    "teams": "chat.teams",
    "mattermost": "chat.mattermost",
    "google-chat": "chat.google_chat",
    "telegram": "chat.telegram",
    "ntfy": "chat.ntfy",
    "pagerduty": "oncall.pagerduty",
    "opsgenie": "oncall.opsgenie",
    "splunk": "siem.splunk",
    "ecs": "siem.ecs",
    "ocsf": "siem.ocsf",
    "cef": "siem.cef",
    "syslog": "siem.syslog",
    "misp": "cases.misp",
    "thehive": "cases.thehive",
    "mail": "plain.mail",
}
"""The module of each, below this package; it has the format as `FORMAT`."""

SCHEMES: dict[str, str] = {
    "https": "http",
    "http": "http",
    "syslog+tls": "syslog",
    "syslog+tcp": "syslog",
    "syslog+udp": "syslog",
    "smtp": "smtp",
    "smtps": "smtp",
    "file": "file",
}
"""How a URL's scheme travels."""

PREFIXES = ", ".join(f"{scheme}:" if scheme == "file" else f"{scheme}://" for scheme in SCHEMES)
"""How a URL may begin, for people."""

_BY_TRANSPORT = {"http": "json", "syslog": "syslog", "smtp": "mail", "file": "json"}


def load(name: str) -> Format:
    """Return a format; raises KeyError."""
    found = importlib.import_module(f"{__package__}.{FORMATS[name]}").FORMAT
    assert isinstance(found, Format)
    return found


def format_for(url: str) -> str:
    """Return the name of the format that a URL means by its host, else the plain one of its transport."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    for name in FORMATS:
        for known in load(name).hosts:
            if host == known or (known.startswith(".") and host.endswith(known)):
                return name
    return _BY_TRANSPORT[SCHEMES.get(parts.scheme, "http")]
