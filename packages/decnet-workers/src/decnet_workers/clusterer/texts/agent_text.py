# SPDX-License-Identifier: MIT
"""Whom a Web client's name for itself tells to write to, as those who survey the Internet in the open do.

The custom (RFC 9110, section 10.1.5, as crawlers follow it) is a page about the survey after a plus sign, or an e-mail
address. A page without the plus sign is that of a program, which anybody uses. Patterns are linear in the text.
"""

import re

_LONGEST = 1024
_PAGE = re.compile(r"\+\s?https?://(?:www\.)?([a-z0-9.-]{4,253})", re.IGNORECASE)
_MAIL = re.compile(r"(?<![a-z0-9._+-])\+?([a-z0-9._-]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,4})", re.IGNORECASE)


def contact(agent: str) -> str:
    """Return the host of the page, or the e-mail address; empty if a client names neither."""
    text = agent[:_LONGEST]
    page = _PAGE.search(text)
    if page is not None and "." in (host := page.group(1).strip(".-").lower()):
        return host
    mail = _MAIL.search(text)
    return mail.group(1).strip(".").lower() if mail is not None else ""
