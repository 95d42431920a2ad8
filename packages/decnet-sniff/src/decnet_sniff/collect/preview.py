# SPDX-License-Identifier: MIT
"""What a line would become, for people (a table) and for programs (JSON); every control character is escaped."""

from datetime import UTC, datetime

import msgspec

from decnet_core.events.catalogue import kind_of
from decnet_core.text import for_terminal, from_wire, json_for_terminal
from decnet_core.timing.timestamps import json_with_times
from decnet_sniff.collect.outcome import Ignored, Outcome, Parsed
from decnet_sniff.collect.record import Record

_OFFSET, _TIME, _SOURCE, _KIND = 8, 26, 21, 18
_LONGEST = 4096
COLUMNS = f"{'offset':>{_OFFSET}}  {'time':{_TIME}} {'source':{_SOURCE}} {'becomes':{_KIND}} fields"


class Shown(msgspec.Struct, frozen=True, omit_defaults=True):
    """One event of a line, or why there is none."""

    offset: int
    outcome: str
    reason: str | None = None
    line: str | None = None
    ts: int | None = None
    src: tuple[str, int | None] | None = None
    dst: tuple[str, int | None] | None = None
    session: str | None = None
    decky: str | None = None
    event: msgspec.Raw | None = None
    """The payload, with its kind."""


def as_json(record: Record, outcome: Outcome) -> list[str]:
    """Return a line of JSON per event, or one that says why there is none."""
    offset = record.offset or 0
    if not isinstance(outcome, Parsed):
        word = "ignored" if isinstance(outcome, Ignored) else "rejected"
        found = [Shown(offset, word, outcome.reason, from_wire(record.text, 1024))]
    else:
        found = [
            Shown(
                offset,
                "event",
                ts=outcome.ts,
                src=outcome.src,
                dst=outcome.dst,
                session=outcome.session,
                decky=outcome.host,
                event=msgspec.Raw(msgspec.json.encode(payload)),
            )
            for payload in outcome.payloads
        ]
    return [json_for_terminal(json_with_times(each)) for each in found]


def rows(record: Record, outcome: Outcome) -> list[str]:
    """Return a line of the table per event, or one that says why there is none."""
    offset = f"{record.offset or 0:>{_OFFSET}}"
    if not isinstance(outcome, Parsed):
        word = "ignored" if isinstance(outcome, Ignored) else "NOT UNDERSTOOD"
        return [f"{offset}  {'-':{_TIME}} {'-':{_SOURCE}} {word:{_KIND}} {for_terminal(outcome.reason)}"]
    source = _endpoint(outcome.src)
    return [
        f"{offset}  {_time(outcome.ts):{_TIME}} {source:{_SOURCE}} {kind_of(payload):{_KIND}} "
        + for_terminal(_fields(msgspec.to_builtins(payload)), _LONGEST)
        for payload in outcome.payloads
    ]


def _fields(payload: dict[str, object]) -> str:
    return " ".join(f"{name}={_value(value)}" for name, value in payload.items() if name != "kind")


def _value(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _endpoint(endpoint: tuple[str, int | None] | None) -> str:
    if endpoint is None:
        return "-"
    host, port = endpoint
    return host if port is None else f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _time(ts: int) -> str:
    seconds, rest = divmod(ts, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest // 1000:06}"
