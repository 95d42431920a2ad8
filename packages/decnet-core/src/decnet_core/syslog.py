# SPDX-License-Identifier: MIT
"""Syslog messages: RFC 5424, RFC 3164, and both without their priority, as rsyslog writes them into files.

It is here because two workers of two distributions read them: `collect` (files, UDP, TCP) and `listener` (RFC 5425).
The message text may be attacker-controlled, so no address and no user is ever extracted from it.
"""

import re
from datetime import UTC, datetime, timedelta, tzinfo

import msgspec

from decnet_core.text import bounded, from_wire
from decnet_core.timing.timestamps import nanoseconds, parse_iso8601

_PRIORITY = re.compile(rb"<(\d{1,3})>")
_RFC5424 = re.compile(rb"1 (\S{1,64}) (\S{1,255}) (\S{1,48}) (\S{1,128}) (\S{1,32}) ")
_FILE_TIME = re.compile(rb"(\d{4}-\d\d-\d\dT\S{8,32}) (\S{1,255}) ")
_RFC3164_TIME = re.compile(rb"([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d) (?:([^\s\[]{1,255})(?<!:) )?")
"""The host may be missing: what writes to a local syslog names only its program, as `app:` or `app[7]:`."""
_TAG = re.compile(rb"([^\s:\[]{1,64})(?:\[([^\]\s]{1,128})\])?: ?")
_SD_NAME = re.compile(rb'[^\s="\]]{1,64}')
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

USER_NOTICE = 13
"""The priority of a line without one (RFC 3164 §4.3.3)."""
MESSAGE_BYTES = 8192
"""Of the free text, unless the caller wants more."""
_MAX_PARAMETERS = 64
_BOM = b"\xef\xbb\xbf"


class Message(msgspec.Struct, frozen=True):
    """One message; `ts` is in ns since the Unix epoch, None where RFC 5424's timestamp is a dash."""

    ts: int | None
    facility: int
    severity: int
    message: str
    host: str | None = None
    app: str | None = None
    process: str | None = None
    message_id: str | None = None
    structured: dict[str, dict[str, str]] = {}


class NotSyslog(msgspec.Struct, frozen=True):
    """Bytes that are no syslog message, and why."""

    reason: str


def parse(line: bytes, now: int, zone: tzinfo = UTC, limit: int = MESSAGE_BYTES) -> Message | NotSyslog:
    """Return the message on `line` with at most `limit` bytes of its free text; never raises.

    `now` (ns since the Unix epoch) and `zone` complete the times of RFC 3164, which have neither year nor zone.
    """
    priority, rest = USER_NOTICE, line
    if found := _PRIORITY.match(line):
        priority, rest = int(found[1]), line[found.end() :]
    if priority > 191:
        return NotSyslog("the priority is above 191")
    if found and (header := _RFC5424.match(rest)):
        return _rfc5424(priority, header, rest[header.end() :], limit)
    if header := _FILE_TIME.match(rest):
        ts = parse_iso8601(header[1].decode("ascii", "replace"))
        return _tagged(priority, ts, header[2], rest[header.end() :], limit)
    if header := _RFC3164_TIME.match(rest):
        return _tagged(priority, _rfc3164_time(header, now, zone), header[6], rest[header.end() :], limit)
    return NotSyslog("neither RFC 5424 nor RFC 3164")


def priority_of(line: bytes) -> tuple[int, bytes]:
    """Return the priority that `line` begins with and what follows; without a valid one, that of §4.3.3 and all."""
    match = _PRIORITY.match(line)
    if match is None or int(match[1]) > 191:
        return USER_NOTICE, line
    return int(match[1]), line[match.end() :]


def _rfc5424(priority: int, header: re.Match[bytes], rest: bytes, limit: int) -> Message | NotSyslog:
    ts = parse_iso8601(header[1].decode("ascii", "replace"))
    if ts is None and header[1] != b"-":
        return NotSyslog("no valid timestamp")
    parsed = _structured_data(rest)
    if parsed is None:
        return NotSyslog("the structured data is malformed")
    structured, end = parsed
    host, app, process, message_id = (_name(header[index]) for index in (2, 3, 4, 5))
    return Message(
        ts,
        priority >> 3,
        priority & 7,
        from_wire(rest[end:].removeprefix(b" ").removeprefix(_BOM), limit),
        host=host,
        app=app,
        process=process,
        message_id=message_id,
        structured=structured,
    )


def _tagged(priority: int, ts: int | None, host: bytes | None, rest: bytes, limit: int) -> Message | NotSyslog:
    if ts is None:
        return NotSyslog("no valid timestamp")
    app = process = None
    if tag := _TAG.match(rest):
        app, process = _name(tag[1]), _name(tag[2])
        rest = rest[tag.end() :]
    text = from_wire(rest, limit)
    return Message(ts, priority >> 3, priority & 7, text, host=_name(host), app=app, process=process)


def _name(value: bytes | None) -> str | None:
    """RFC 5424's NILVALUE is a dash."""
    return None if value in (None, b"-") else bounded(from_wire(value or b""), 255)


def _rfc3164_time(header: re.Match[bytes], now: int, zone: tzinfo) -> int | None:
    """Return the latest matching time that is at most a day ahead of `now`: clocks differ, years are not given."""
    try:
        month = _MONTHS.index(header[1].decode()) + 1
        day, hour, minute, second = (int(header[index]) for index in (2, 3, 4, 5))
    except ValueError:
        return None
    latest = datetime.fromtimestamp(now // 1_000_000_000, UTC) + timedelta(days=1)
    for year in range(latest.year, latest.year - 9, -1):  # nine years hold a 29 February even around 2100
        try:
            time = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=zone)
        except ValueError:
            continue
        if time <= latest:
            return nanoseconds(time)
    return None


def _structured_data(text: bytes) -> tuple[dict[str, dict[str, str]], int] | None:
    """Return the elements of RFC 5424 §6.3 and where they end; None when they are malformed or too many."""
    if text[:1] == b"-":
        return {}, 1
    elements: dict[str, dict[str, str]] = {}
    position, left = 0, _MAX_PARAMETERS
    while text[position : position + 1] == b"[":
        name = _SD_NAME.match(text, position + 1)
        if name is None:
            return None
        parameters = elements.setdefault(from_wire(name[0]), {})
        position = name.end()
        while text[position : position + 1] == b" " and left:
            parameter = _parameter(text, position + 1)
            if parameter is None:
                return None
            key, value, position = parameter
            parameters[key] = value
            left -= 1
        if text[position : position + 1] != b"]":
            return None
        position += 1
        left -= 1
        if left <= 0:
            return None
    return (elements, position) if elements else None


_VALUE = re.compile(rb'((?:[^"\\\]]++|\\["\\\]]?+)*+)"')
_ESCAPED = re.compile(rb'\\(["\\\]])')


def _parameter(text: bytes, position: int) -> tuple[str, str, int] | None:
    name = _SD_NAME.match(text, position)
    if name is None or text[name.end() : name.end() + 2] != b'="':
        return None
    value = _VALUE.match(text, name.end() + 2)
    if value is None:
        return None
    return from_wire(name[0]), from_wire(_ESCAPED.sub(rb"\1", value[1])), value.end()
