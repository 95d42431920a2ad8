# SPDX-License-Identifier: MIT
"""What an operator says of an endpoint, checked, and as its row: secrets sealed, and a URL that may be shown."""

from collections.abc import Sequence
from urllib.parse import urlsplit

import msgspec

from decnet.cli.errors import WrongUsageError
from decnet.webhook.selecting import Wish
from decnet_core.events.notices import NOTICE_KINDS
from decnet_models.webhooks.queries import Webhook
from decnet_workers.outbound.target import TargetError
from decnet_workers.webhook.endpoint import checked
from decnet_workers.webhook.filters import idle_globs
from decnet_workers.webhook.formats.registry import format_for
from decnet_workers.webhook.incidents.selection import INCIDENTS, Selection, selection_of, written
from decnet_workers.webhook.sealing import Secrets, seal, unseal
from decnet_workers.webhook.transports.targets import check_url


class Definition(msgspec.Struct, frozen=True):
    """An endpoint as the operator describes it; None: not said."""

    url: str | None = None
    format: str | None = None
    token: str | None = None
    options: dict[str, str] | None = None
    kinds: Sequence[str] | None = None
    allow_private: bool | None = None
    selection: Wish = Wish()


def defined(webhook: Webhook, key: bytes, said: Definition, *, new: bool = False) -> Webhook:
    """Return `webhook` with what was said, a new one for people with incidents; raises WrongUsageError, SealError."""
    before = kept_of(webhook, key)
    url = before.url if said.url is None else said.url
    name = said.format or (webhook.format if said.url is None else format_for(url))
    same = name == webhook.format  # another receiver is not given what was for this one
    options = {**(webhook.options if same else {}), **(said.options or {})}
    kept = Secrets(url, said.token if said.token is not None else before.token if same else "")
    kinds = webhook.kinds if said.kinds is None else tuple(said.kinds)
    try:
        form = checked(name, kept, options)
        check_url(url)
    except TargetError as error:
        raise WrongUsageError(str(error)) from error
    if idle := idle_globs(kinds):
        raise WrongUsageError(f"no notice is called {idle[0]!r}; kinds are: {', '.join(NOTICE_KINDS)}")
    secret = form.secret_url or bool(kept.token)
    selection = Selection(sends=INCIDENTS) if new and form.for_people else selection_of(webhook.filter)
    return msgspec.structs.replace(
        webhook,
        url=_shown(url) if form.secret_url else url,
        kinds=kinds,
        allow_private=webhook.allow_private if said.allow_private is None else said.allow_private,
        format=name,
        options=options,
        filter=written(said.selection.applied(selection)),
        sealed=seal(key, webhook.id, kept) if secret else None,
    )


def kept_of(webhook: Webhook, key: bytes) -> Secrets:
    """Return the URL and the token of an endpoint; raises SealError."""
    return unseal(key, webhook.id, webhook.sealed) if webhook.sealed else Secrets(webhook.url)


def _shown(url: str) -> str:
    """Return a secret URL without what makes it one."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/…"
