# SPDX-License-Identifier: MIT
"""A notice as an alert, as formats for people and SIEMs need it: title, severity, decisive line, fields; pure.

Everything here may be attacker-controlled text, bounded and without control characters, but nothing is escaped: what
has to be is known only to the format.
"""

import enum
from typing import Any

import msgspec

from decnet_core.events.notices import ReportWritten, decode_notice, notice_kind
from decnet_core.net.addresses import parse_address
from decnet_core.text import for_terminal
from decnet_workers.webhook.envelope import Envelope, rfc3339
from decnet_workers.webhook.formats.wording import ENDS, SUBJECTS, WORDING, Wording
from decnet_workers.webhook.incidents.severity import severity_of

MAX_VALUE = 1024
"""Characters of one field."""
MAX_FIELDS = 20
MAX_TITLE = 200
_REPORT = notice_kind(ReportWritten)
_LEAST_LISTED = 48
"""Characters of each element of a list, however many there are: an IPv6 address, a SHA-1."""


class Severity(enum.IntEnum):
    """As Sigma's levels; the numbers are those of OCSF's `severity_id`."""

    INFORMATIONAL = 1
    LOW = 2
    MEDIUM = 3
    HIGH = 4
    CRITICAL = 5

    @property
    def word(self) -> str:
        """In lower case."""
        return self.name.lower()


class Document(msgspec.Struct, frozen=True):
    """A whole page that a notice brings along, escaped by its writer; for formats that can show one."""

    text: str
    html: str


class Alert(msgspec.Struct, frozen=True):
    """A notice for a reader."""

    id: str
    """The `webhook-id`: the same in every attempt."""
    kind: str
    ts: int
    """In ns since the Unix epoch."""
    title: str
    severity: Severity
    decisive: str
    """What the attacker did, word for word; may be empty."""
    fields: tuple[tuple[str, str], ...]
    """The other fields of the notice, by their names."""
    about: str
    """The same for everything about one trouble, incident or attacker: what can be opened, updated and closed."""
    ends: bool
    """Whether it is the end of what `about` names."""
    data: dict[str, Any]
    """The notice, without its document."""
    document: Document | None = None

    @property
    def time(self) -> str:
        """RFC 3339, UTC, microseconds."""
        return rfc3339(self.ts)

    @property
    def lines(self) -> list[str]:
        """Everything below the title, as lines of plain text."""
        decisive = [self.decisive] if self.decisive else []
        return [*decisive, *(f"{name}: {value}" for name, value in self.fields), f"kind: {self.kind}", self.time]


def alert_of(message_id: str, body: str | bytes) -> Alert:
    """Return the alert for the body of a delivery; raises msgspec.DecodeError for what is none."""
    envelope = msgspec.json.decode(body, type=Envelope)
    data = msgspec.json.decode(envelope.data, type=dict[str, Any])
    kind = envelope.type
    document = Document(data.pop("text", ""), data.pop("html")) if kind == _REPORT and data.get("html") else None
    wording = WORDING.get(kind, Wording("medium", kind.replace(".", " ")))
    return Alert(
        id=message_id,
        kind=kind,
        ts=int(data.get("ts", 0)),
        title=shown(wording.title.format_map(_Shown(data)), MAX_TITLE).strip() or kind,
        severity=_severity(wording, data, bytes(envelope.data)),
        decisive=shown(data.get(wording.decisive) or "", MAX_VALUE),
        fields=_fields(data, wording.decisive),
        about=_about(kind, data, message_id),
        ends=kind in ENDS,
        data=data,
        document=document,
    )


def shown(value: Any, limit: int = MAX_VALUE) -> str:
    """Return a value as text on one line without control characters, at most `limit` characters and an ellipsis."""
    if isinstance(value, dict):
        return shown([f"{name} {one}" for name, one in value.items()], limit)
    if isinstance(value, list):
        each = max(1, limit // max(1, len(value)))
        text = ", ".join(shown(one, max(each, _LEAST_LISTED)) for one in value[: limit // 2])
        return cut(text, limit)
    return for_terminal(value if isinstance(value, str) else str(value), limit)


def cut(text: str, limit: int) -> str:
    """Return at most `limit` characters, the last one an ellipsis when there were more."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


class _Shown(dict[str, Any]):
    """The values of a title; what a notice does not have is shown as `?`."""

    def __init__(self, data: dict[str, Any]) -> None:
        super().__init__({name: shown(value, 120) for name, value in data.items()})

    def __missing__(self, key: str) -> str:
        return "?"


def _severity(wording: Wording, data: dict[str, Any], notice: bytes) -> Severity:
    """Return what the notice says of itself, else what it is judged to be, else that of its kind."""
    word = data.get("severity") or wording.severity or severity_of(decode_notice(notice))
    return Severity.__members__.get(str(word).upper(), Severity.MEDIUM)


def _fields(data: dict[str, Any], decisive: str) -> tuple[tuple[str, str], ...]:
    skipped = {"kind", "ts", decisive}
    named = [(name, _value(name, value)) for name, value in data.items() if name not in skipped and value is not None]
    found = tuple((name.replace("_", " "), value) for name, value in named if value)[:MAX_FIELDS]
    attacker = data.get("attacker")
    yours = isinstance(attacker, str) and parse_address(attacker) is not None
    return (*found, ("yours?", f'decnet known add {attacker} --label "..."')) if yours else found


def _value(name: str, value: Any) -> str:
    is_time = name.endswith(("_seen", "_at", "_until")) or name in ("since", "until")
    if is_time and isinstance(value, int) and value > 0:
        return rfc3339(value)
    return shown(value)


def _about(kind: str, data: dict[str, Any], message_id: str) -> str:
    """Return `group-subject`, e.g. `worker-ttp`; the message itself when the notice is about nothing that lasts."""
    for name in SUBJECTS:
        if subject := data.get(name):
            return f"{kind.partition('.')[0]}-{shown(subject, 200)}"
    return message_id
