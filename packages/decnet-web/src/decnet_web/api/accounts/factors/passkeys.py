# SPDX-License-Identifier: MIT
"""Passkeys (Web Authentication, level 3): options for browsers, and the verification of what they answer.

Credentials are discoverable, and the options of a log-in name none: so nobody learns which names have passkeys. The
user is verified by the device (PIN, finger, face), which makes a passkey two factors at once. The relying party is the
host by which the browser called us; an address cannot be one, so at 127.0.0.1 there are no passkeys, at localhost there
are. The library, with its formats of attestation, is 18 MiB; it is imported by the first who needs it.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterable
from typing import Any
from uuid import UUID

import msgspec

from decnet_core.net.addresses import parse_address
from decnet_models.accounts.factors import Passkey
from decnet_models.accounts.queries import Account
from decnet_web.api.problems import Problem

NAME = "DECNET"
SECONDS = 300
MOST = 20
"""Passkeys of an account."""

_CHALLENGE_BYTES = 32
_LONGEST_CREDENTIAL = 1023
"""Bytes of a credential's id (section 4)."""


class Party(msgspec.Struct, frozen=True):
    """Who we are for a browser."""

    host: str
    origin: str


class Registered(msgspec.Struct, frozen=True):
    """A new credential."""

    credential: str
    public_key: str
    sign_count: int
    backed_up: bool
    transports: tuple[str, ...]


class Used(msgspec.Struct, frozen=True):
    """A log-in with a credential."""

    sign_count: int
    backed_up: bool


def party(host: str, origin: str) -> Party:
    """Return the relying party; raises Problem 409 where browsers allow none."""
    if not host or parse_address(host) is not None:
        detail = "a passkey belongs to a host name: open the dashboard by its name, here as http://localhost"
        raise Problem(409, title="No passkeys here", detail=detail)
    return Party(host, origin)


def new_challenge() -> str:
    return encoded(secrets.token_bytes(_CHALLENGE_BYTES))


def registration_options(account: Account, known: Iterable[Passkey], ours: Party, challenge: str) -> dict[str, Any]:
    """Return the options with which a browser makes a credential."""
    import webauthn
    from webauthn.helpers import structs

    options = webauthn.generate_registration_options(
        rp_id=ours.host,
        rp_name=NAME,
        user_name=account.name,
        user_id=account.id.bytes,
        challenge=decoded(challenge),
        timeout=SECONDS * 1000,
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.REQUIRED,
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[structs.PublicKeyCredentialDescriptor(id=decoded(one.credential)) for one in known],
    )
    return _as_json(webauthn.options_to_json(options))


def log_in_options(ours: Party, challenge: str) -> dict[str, Any]:
    """Return the options with which a browser logs in with any credential that it has for us."""
    import webauthn
    from webauthn.helpers import structs

    options = webauthn.generate_authentication_options(
        rp_id=ours.host,
        challenge=decoded(challenge),
        timeout=SECONDS * 1000,
        user_verification=structs.UserVerificationRequirement.REQUIRED,
    )
    return _as_json(webauthn.options_to_json(options))


def registered(answer: dict[str, Any], ours: Party, challenge: str) -> Registered:
    """Return the credential that a browser made; raises Problem 422."""
    import webauthn
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        found = webauthn.verify_registration_response(
            credential=answer,
            expected_challenge=decoded(challenge),
            expected_rp_id=ours.host,
            expected_origin=ours.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError, AttributeError) as error:
        raise _refused(error) from error
    if len(found.credential_id) > _LONGEST_CREDENTIAL:
        raise _refused(ValueError("its id is too long"))
    return Registered(
        encoded(found.credential_id),
        encoded(found.credential_public_key),
        found.sign_count,
        found.credential_backed_up,
        _transports(answer),
    )


def used(answer: dict[str, Any], known: Passkey, ours: Party, challenge: str) -> Used:
    """Return the counter after a log-in with a credential that is known; raises Problem 422."""
    import webauthn
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        found = webauthn.verify_authentication_response(
            credential=answer,
            expected_challenge=decoded(challenge),
            expected_rp_id=ours.host,
            expected_origin=ours.origin,
            credential_public_key=decoded(known.public_key),
            credential_current_sign_count=known.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError, AttributeError) as error:
        raise _refused(error) from error
    return Used(found.new_sign_count, found.credential_backed_up)


def credential_in(answer: dict[str, Any]) -> str:
    """Return the id of the credential that an answer names, empty for none."""
    named = answer.get("id")
    return named if isinstance(named, str) and len(named) <= 2 * _LONGEST_CREDENTIAL else ""


def is_user(answer: dict[str, Any], account: UUID) -> bool:
    """Return whether the answer's user handle is that of the account (section 7.2, step 6)."""
    response = answer.get("response")
    handle = response.get("userHandle") if isinstance(response, dict) else None
    return isinstance(handle, str) and handle.rstrip("=") == encoded(account.bytes)


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _transports(answer: dict[str, Any]) -> tuple[str, ...]:
    response = answer.get("response")
    named = response.get("transports") if isinstance(response, dict) else None
    return tuple(one[:32] for one in named[:8] if isinstance(one, str)) if isinstance(named, list) else ()


def _as_json(text: str) -> dict[str, Any]:
    options: dict[str, Any] = json.loads(text)
    return options


def _refused(error: Exception) -> Problem:
    return Problem(422, title="Passkey refused", detail=f"the browser's answer cannot be accepted: {str(error)[:200]}")
