# SPDX-License-Identifier: MIT
"""The fields that tell a browser what the dashboard never does, so that nothing an attacker sent can do it either."""

from __future__ import annotations

# No text becomes HTML, a script or a script's address (Trusted Types), and no policy may be made that would let it.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "worker-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
        "report-to policy",
    )
)

_UNUSED = (
    "accelerometer", "autoplay", "browsing-topics", "camera", "display-capture", "encrypted-media",
    "geolocation", "gyroscope", "hid", "idle-detection", "local-fonts", "magnetometer", "microphone", "midi", "payment",
    "picture-in-picture", "screen-wake-lock", "serial", "storage-access", "usb", "window-management",
    "xr-spatial-tracking",
)  # fmt: skip
_USED = ("clipboard-write", "fullscreen", "publickey-credentials-create", "publickey-credentials-get")

ALWAYS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
"""Of every answer."""

DOCUMENT = (
    *ALWAYS,
    ("Content-Security-Policy", CONTENT_SECURITY_POLICY),
    ("Reporting-Endpoints", 'policy="/api/v1/policy-reports"'),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Embedder-Policy", "require-corp"),
    ("Permissions-Policy", ", ".join([*(f"{name}=()" for name in _UNUSED), *(f"{name}=(self)" for name in _USED)])),
    ("X-Frame-Options", "DENY"),
)
"""Of the dashboard's files."""

DATA = (
    *ALWAYS,
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox"),
    ("Cache-Control", "no-store"),
    ("X-Frame-Options", "DENY"),
)
"""Of the API's answers and of problems, unless the API says otherwise: a browser shows none of them."""

STRICT_TRANSPORT = ("Strict-Transport-Security", "max-age=31536000")
"""Where the client came by TLS."""


def with_defaults(
    fields: list[tuple[str, str]], defaults: tuple[tuple[str, str], ...], *, secure: bool
) -> list[tuple[str, str]]:
    """Return `fields` with those of `defaults` that are not there yet."""
    there = {name.lower() for name, _ in fields}
    wanted = (*defaults, STRICT_TRANSPORT) if secure else defaults
    return [*fields, *((name, value) for name, value in wanted if name.lower() not in there)]
