# SPDX-License-Identifier: MIT
"""An endpoint with its secrets and its format, as transports need it."""

import re

import msgspec

from decnet_models.webhooks.queries import Webhook
from decnet_workers.outbound.target import TargetError
from decnet_workers.webhook.formats.format import Access, Format
from decnet_workers.webhook.formats.registry import FORMATS, PREFIXES, SCHEMES, load
from decnet_workers.webhook.sealing import Secrets, unseal
from decnet_workers.webhook.signature import secret_of

MAX_TOKEN = 1024
MAX_OPTION = 1024

_VISIBLE = re.compile(r"[\x21-\x7e]*")


class Endpoint(msgspec.Struct, frozen=True):
    """Where and how to send; holds secrets, so it is never shown."""

    url: str
    format: Format
    access: Access
    allow_private: bool
    signing_key: bytes


def opened(webhook: Webhook, key: bytes) -> Endpoint:
    """Return the endpoint of a row; raises TargetError, SealError."""
    kept = unseal(key, webhook.id, webhook.sealed) if webhook.sealed else Secrets(webhook.url)
    form = checked(webhook.format, kept, webhook.options)
    access = Access(kept.token, webhook.options)
    return Endpoint(kept.url, form, access, webhook.allow_private, secret_of(key, webhook.id, webhook.generation))


def checked(name: str, kept: Secrets, options: dict[str, str]) -> Format:
    """Return the format when the endpoint has all that it needs and nothing else; raises TargetError that says what."""
    if name not in FORMATS:
        raise TargetError(f"there is no format {name!r}; formats are: {', '.join(FORMATS)}")
    form = load(name)
    transport = SCHEMES.get(kept.url.partition(":")[0].lower())
    if transport is None:
        raise TargetError(f"a URL begins with one of: {PREFIXES}")
    if transport not in form.travels_by:
        schemes = " or ".join(f"{scheme}:" for scheme, by in SCHEMES.items() if by in form.travels_by)
        raise TargetError(f"the format {name} takes a URL that begins with {schemes}")
    _check_token(name, form, kept.token)
    _check_options(name, form, options)
    return form


def _check_token(name: str, form: Format, token: str) -> None:
    if token and not form.token:
        raise TargetError(f"the format {name} has no token")
    if form.token and not form.token_optional and not token:
        raise TargetError(f"the format {name} needs a token: {form.token}")
    if len(token) > MAX_TOKEN or not _VISIBLE.fullmatch(token):
        raise TargetError(f"a token has at most {MAX_TOKEN} visible ASCII characters")


def _check_options(name: str, form: Format, options: dict[str, str]) -> None:
    for option, value in options.items():
        if option not in form.options:
            raise TargetError(
                f"the format {name} has no option {option!r}; it has: {', '.join(form.options) or 'none'}"
            )
        if len(value) > MAX_OPTION or not value.isprintable():
            raise TargetError(f"the option {option} has at most {MAX_OPTION} printable characters")
    for option, meaning in form.options.items():
        if not meaning.startswith("optional") and not options.get(option):
            raise TargetError(f"the format {name} needs the option {option}: {meaning}")
