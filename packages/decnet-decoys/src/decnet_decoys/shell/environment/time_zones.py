# SPDX-License-Identifier: MIT
"""Time zones without summer time, by which intruders and their scripts set TZ (tzset(3))."""

import re

_POSIX = re.compile(r"<?([A-Za-z]{3,6}|[+-]\d{2,4})>?([+-]?\d{1,2})(?::(\d{2}))?")
_ZONES = {
    "Asia/Shanghai": ("CST", 480), "Asia/Hong_Kong": ("HKT", 480), "Asia/Taipei": ("CST", 480), "PRC": ("CST", 480),
    "Asia/Singapore": ("+08", 480), "Asia/Tokyo": ("JST", 540), "Japan": ("JST", 540), "Asia/Seoul": ("KST", 540),
    "Asia/Kolkata": ("IST", 330), "Asia/Calcutta": ("IST", 330), "Asia/Dubai": ("+04", 240),
    "Asia/Bangkok": ("+07", 420), "Asia/Jakarta": ("WIB", 420), "Asia/Ho_Chi_Minh": ("+07", 420),
    "Asia/Manila": ("PST", 480), "Asia/Tehran": ("+0330", 210), "Asia/Karachi": ("PKT", 300),
    "Europe/Moscow": ("MSK", 180), "Europe/Istanbul": ("+03", 180), "Europe/Minsk": ("+03", 180),
    "America/Sao_Paulo": ("-03", -180), "America/Argentina/Buenos_Aires": ("-03", -180),
    "America/Bogota": ("-05", -300),
    "America/Lima": ("-05", -300), "America/Phoenix": ("MST", -420), "Africa/Lagos": ("WAT", 60),
    "Africa/Johannesburg": ("SAST", 120), "Africa/Nairobi": ("EAT", 180),
    "GMT": ("GMT", 0), "Etc/GMT": ("GMT", 0), "EST": ("EST", -300), "MST": ("MST", -420), "HST": ("HST", -600),
}  # fmt: skip
UTC = ("UTC", 0)


def zone_of(text: str) -> tuple[str, int]:
    """Return name and offset from UTC, in seconds, that a value of TZ means; UTC for what is not known."""
    named = _ZONES.get(text.removeprefix(":"))
    if named is not None:
        return named[0], named[1] * 60
    match = _POSIX.fullmatch(text[:32])
    if match is None or int(match[2]) not in range(-24, 25):
        return UTC
    hours, minutes = abs(int(match[2])), int(match[3] or 0)
    return match[1], (hours * 60 + minutes) * 60 * (1 if match[2].startswith("-") else -1)
