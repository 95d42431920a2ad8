# SPDX-License-Identifier: MIT
"""The header Retry-After; pure."""

import re
from email.utils import parsedate_to_datetime


def retry_after(value: str | None, now: float) -> float | None:
    """Return the seconds of a Retry-After header (RFC 9110 §10.2.3), None when it is invalid."""
    text = (value or "").strip()
    if re.fullmatch(r"[0-9]{1,9}", text):
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except (ValueError, TypeError, OverflowError):
        return None
