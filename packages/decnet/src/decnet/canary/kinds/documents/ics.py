# SPDX-License-Identifier: MIT
"""A calendar entry (RFC 5545) whose attachment is fetched."""

from decnet.canary.kinds.kind import Bait, Kind, Token, text_file
from decnet_core.canary import SlugKind


def _make(token: Token) -> Bait:
    lines = (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//calendar//EN",
        "METHOD:PUBLISH",
        "BEGIN:VEVENT",
        f"UID:{token.slug[:12]}@calendar",
        "DTSTAMP:20250106T080000Z",
        "DTSTART:20250113T090000Z",
        "DTEND:20250113T100000Z",
        "RRULE:FREQ=WEEKLY",
        "SUMMARY:Change of the vault codes",
        f"ATTACH;FMTTYPE=image/gif:{token.url}.gif",
        f"URL:{token.url}",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    )
    return text_file("meeting.ics", "\r\n".join(_folded(line) for line in lines), media_type="text/calendar")


def _folded(line: str) -> str:
    """Return a content line as RFC 5545 §3.1 wants it: pieces of at most 75 octets."""
    return line[:75] + "".join(f"\r\n {line[at : at + 74]}" for at in range(75, len(line), 74))


KIND = Kind(
    SlugKind.WEBBUG,
    _make,
    trips="a calendar program that fetches attachments, or a click on the entry's link",
    reveals="the address, the program and the time",
)
