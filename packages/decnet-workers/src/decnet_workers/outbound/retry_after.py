# SPDX-License-Identifier: MIT
"""The header Retry-After; pure."""

import re
from email.utils import parsedate_to_datetime

LONGEST = 86400.0
"""Seconds: whoever asks for a longer pause, until the year 9999 perhaps, is asked again once a day."""


def retry_after(value: str | None, now: float) -> float | None:
    """Return the seconds of a Retry-After header (RFC 9110 §10.2.3), `LONGEST` at most; None when it is invalid."""
    text = (value or "").strip()
    if re.fullmatch(r"[0-9]{1,9}", text):
        return min(LONGEST, float(text))
    try:
        return min(LONGEST, max(0.0, parsedate_to_datetime(text).timestamp() - now))
    except (ValueError, TypeError, OverflowError):
        return None
