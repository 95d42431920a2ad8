# SPDX-License-Identifier: MIT
"""An event as one syslog message (RFC 5424) and back: the header is for others' filters, the event's JSON is the MSG.

The JSON stands in MSG and not in structured data, for rsyslog keeps up to its `maxMessageSize` of a message as it came
but bounds and re-escapes structured data. A receiver that escapes control characters, as rsyslog does unless told
otherwise, must find none: JSON escapes all below U+0020 itself, and `for_anyone` the one that it does not, DEL.
"""

import re
from datetime import UTC, datetime
from functools import lru_cache

from decnet_core.events.envelope import Event

PRIORITY = 16 * 8 + 5
"""local0.notice (RFC 5424 §6.2.1): a facility that no daemon of a host uses, and nothing that wakes anybody."""
_UNPRINTABLE = re.compile(r"[^!-~]")
_HEADER = re.compile(rb"<\d{1,3}>1 [!-~]{1,32} [!-~]{1,255} decnet - [!-~]{1,32} - (?=\{)")


def of_event(event: Event, line: bytes) -> bytes:
    """Return the message for `event`, whose JSON is `line`."""
    return b"%b%b %b decnet - %b - %b" % (
        _START,
        _timestamp(event.ts),
        _host(event.sensor),
        event.kind.encode(),
        line,
    )


def event_line(message: bytes) -> bytes | None:
    """Return the JSON that `of_event` put into `message`; None when the message is not such a one."""
    header = _HEADER.match(message)
    return message[header.end() :] if header else None


def for_anyone(line: bytes) -> bytes:
    """Return the same JSON without a byte that a receiver would escape in its own way."""
    return line.replace(b"\x7f", b"\\u007f")


_START = b"<%d>1 " % PRIORITY


def _timestamp(ts: int) -> bytes:
    """RFC 5424 §6.2.3 has six digits after the second; the event itself keeps all nine."""
    seconds, rest = divmod(ts, 1_000_000_000)
    return b"%b.%06dZ" % (_second(seconds), rest // 1000)


@lru_cache(maxsize=64)
def _second(seconds: int) -> bytes:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S").encode()
    except (ValueError, OverflowError, OSError):  # a clock beyond the year 9999
        return b"9999-12-31T23:59:59"


@lru_cache(maxsize=64)
def _host(sensor: str) -> bytes:
    """HOSTNAME is printable ASCII without blanks; what a name has beside that is shown as an underscore."""
    return _UNPRINTABLE.sub("_", sensor)[:255].encode() or b"-"
