# SPDX-License-Identifier: MIT
"""The credentials in a request: a posted form, or Basic authentication (RFC 7617). Pure, never raising."""

import base64
import binascii
from typing import NamedTuple
from urllib.parse import parse_qsl

from decnet_core.net.http_head import Head
from decnet_decoys.http.profile import Form

MAX_FIELDS = 200
MAX_FORM = 8 << 10
"""Bytes of a form that are searched for a login: decoding costs a hundred times what receiving does."""


class Credentials(NamedTuple):
    """A login attempt."""

    username: str
    password: str


def in_basic(header: str | None) -> Credentials | None:
    kind, _, value = (header or "").partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        text = base64.b64decode(value.strip(), validate=True).decode("utf-8", "backslashreplace")
    except (binascii.Error, ValueError):
        return None
    username, colon, password = text.partition(":")
    return Credentials(username, password) if colon else None


def in_form(head: Head, body: bytes, form: Form) -> Credentials | None:
    """Return the login that a posted form carries (application/x-www-form-urlencoded)."""
    if "urlencoded" not in (head.get("content-type") or "application/x-www-form-urlencoded").lower():
        return None
    try:
        text = body[:MAX_FORM].decode("utf-8", "backslashreplace")
        fields = parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        return None
    values = dict(fields)
    if form.user_field not in values and form.password_field not in values:
        return None
    return Credentials(values.get(form.user_field, ""), values.get(form.password_field, ""))
