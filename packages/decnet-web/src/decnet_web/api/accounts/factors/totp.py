# SPDX-License-Identifier: MIT
"""Time-based one-time passwords (RFC 6238) and the recovery codes that replace them once each."""

from __future__ import annotations

import base64
import hmac
import io
import re
import secrets
import time

STEP_SECONDS = 30
RECOVERY_CODES = 10
ISSUER = "DECNET"

_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_GROUP, _GROUPS = 5, 4
"""Four groups of five characters out of 31: 99 bits, more than anybody guesses."""
_CODE = re.compile(r"\d{6}", re.ASCII)


def new_secret() -> str:
    """Return 160 random bits in base32."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def uri(secret: str, name: str, host: str) -> str:
    """Return what authenticator programs read from the QR code."""
    import pyotp

    return pyotp.TOTP(secret).provisioning_uri(name=f"{name}@{host}", issuer_name=ISSUER)


def picture(text: str) -> str | None:
    """Return the QR code as SVG; None when segno (decnet[documents]) is not installed."""
    try:
        import segno
    except ImportError:
        return None
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        out, kind="svg", scale=4, border=2, xmldecl=False, dark="#000", light="#fff"
    )
    return out.getvalue().decode()


def step_of(secret: str, code: str, *, now: float | None = None) -> int | None:
    """Return the time step that `code` belongs to, of the present one and its neighbours; None if to none of them."""
    given = "".join(code.split())
    if not _CODE.fullmatch(given):
        return None
    import pyotp

    totp, present = pyotp.TOTP(secret), int((time.time() if now is None else now) // STEP_SECONDS)
    found = None
    for step in (present - 1, present, present + 1):
        if hmac.compare_digest(totp.generate_otp(step), given):
            found = step
    return found


def new_recovery_codes() -> list[str]:
    return [
        "-".join("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP)) for _ in range(_GROUPS))
        for _ in range(RECOVERY_CODES)
    ]


def recovery_digest(key: bytes, code: str) -> str:
    """Return what is stored of a recovery code, however its groups are written."""
    plain = "".join(character for character in code.casefold() if character.isalnum())
    return hmac.digest(key, b"recovery code\0" + plain.encode("utf-8", "surrogatepass"), "sha256").hex()
