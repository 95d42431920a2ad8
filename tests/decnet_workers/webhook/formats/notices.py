# SPDX-License-Identifier: MIT
"""Notices as deliveries have them: one that attackers made as nasty as they can, one of each kind."""

from __future__ import annotations

import functools
from typing import Any

import msgspec

from decnet_core.events.notices import (
    NOTICES,
    CanaryTriggered,
    CredentialCaptured,
    DeckyFailed,
    IdentityFormed,
    IncidentClosed,
    Notice,
    TechniqueTagged,
    TestNotice,
    encode_notice,
    notice_kind,
)
from decnet_models.notices.queries import OutboxLine
from decnet_workers.webhook.envelope import body_of
from decnet_workers.webhook.formats.alert import Alert, alert_of
from decnet_workers.webhook.formats.format import Access, Format

MESSAGE_ID = "msg_00112233445566778899aabbccddeeff"
TS = 1_700_000_000_123_456_789
MARKUP = (
    "<!channel> @everyone @all <https://evil.test|click> [x](https://evil.test) `a` ```b``` *b* _i_ ~s~ ||h|| "
    "<script>alert(1)</script> &amp; \"q\" 'q' a=b|c\\d ]x] \r\n.\r\nBcc: x@evil.test \x1b[2J \u202e"
)
HOSTILE = TechniqueTagged(
    ts=TS, attacker="203.0.113.9", technique="T1059.004", rule="405c", title="Unix shell", level="high",
    session="092d", decky="web-01", event="01F", action=MARKUP,
)  # fmt: skip


def alert(notice: Notice) -> Alert:
    line = OutboxLine(1, notice_kind(notice), notice.ts, encode_notice(notice).decode())
    return alert_of(MESSAGE_ID, body_of(line))


def filled(kind: type[Notice], text: str) -> Notice:
    """Return a notice of a kind with `text` wherever text may stand."""
    values: dict[str, Any] = {}
    for field in msgspec.structs.fields(kind):
        if field.name == "html":  # a page that its writer has escaped: tests/decnet/test_reporter.py
            continue
        found = msgspec.inspect.type_info(field.type)
        options = found.types if isinstance(found, msgspec.inspect.UnionType) else (found,)
        match options[0]:
            case msgspec.inspect.StrType():
                values[field.name] = text
            case msgspec.inspect.IntType():
                values[field.name] = TS
            case msgspec.inspect.BoolType():
                values[field.name] = True
            case msgspec.inspect.FloatType():
                values[field.name] = 1.5
            case msgspec.inspect.VarTupleType(item_type=msgspec.inspect.StrType()):
                values[field.name] = (text,) * 4
            case _:
                values[field.name] = ((text, text, 1.5),) * 2
    return kind(**values)


@functools.cache
def every_kind(text: str) -> list[Alert]:
    return [alert(filled(kind, text)) for kind in NOTICES]


@functools.cache
def each_shape(text: str) -> list[Alert]:
    """Return alerts of kinds that differ in what a format makes of them."""
    shapes = (
        TechniqueTagged,
        CredentialCaptured,
        CanaryTriggered,
        IdentityFormed,
        DeckyFailed,
        IncidentClosed,
        TestNotice,
    )
    return [alert(filled(kind, text)) for kind in shapes]


def access_for(form: Format) -> Access:
    """Return access with all that a format may have."""
    return Access("token-123" if form.token else "", {name: f"{name}@example.test" for name in form.options})
