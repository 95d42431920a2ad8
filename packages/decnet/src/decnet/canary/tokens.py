# SPDX-License-Identifier: MIT
"""Makes canary tokens and the bait of each kind, and tells where they are reached."""

import difflib
import time
from pathlib import Path

import msgspec
from sqlalchemy import Connection

from decnet.canary.instrument.formats import FORMATS
from decnet.canary.instrument.run import instrument
from decnet.canary.kinds.kind import Bait, Token
from decnet.canary.kinds.registry import MODULES, kind_named
from decnet.cli.errors import RefusedError, WrongUsageError
from decnet.cli.labels import label as checked_label
from decnet.fleet.deployment import Deployment, transaction
from decnet_core.canary import Slug, SlugKind, canary_key, mint
from decnet_models.canary import blobs, queries
from decnet_models.canary.queries import CanaryToken
from decnet_workers.canary import wireguard
from decnet_workers.canary.settings import CanarySettings

FIRST_LABEL = "made by the first decnet up"
_BY_NAME = ("dns", "connection", "docker", "windows-folder", "windows-shortcut")
"""Kinds that are reached by a host name rather than a URL."""
_HOW = {
    "to": "name the URL of the page that it leads to (to)",
    "site": "name the host of your own site (site)",
    "wireguard": "set [canary] wireguard_listen",
}


class Planted(msgspec.Struct, frozen=True):
    """A token with the URL or host name at which it is reached."""

    token: str
    kind: str
    label: str
    place: str
    created_at: int
    disabled: bool = False


class Options(msgspec.Struct, frozen=True):
    """What some kinds want to know; see `kinds.kind.Token`."""

    to: str = ""
    site: str = ""
    scheme: str = "postgresql"


def checked_options(kind: str, options: Options) -> Options:
    """Return the options of a token of `kind`; raises WrongUsageError for an unknown kind, or a URL that is none."""
    if kind not in MODULES:
        close = difflib.get_close_matches(kind, MODULES, 1)
        hint = f"did you mean {close[0]!r}?" if close else "see decnet canary kinds"
        raise WrongUsageError(f"there is no kind {kind!r}; {hint}")
    to = options.to
    if to and not (to.startswith(("http://", "https://")) and to.isascii() and to.isprintable() and " " not in to):
        raise WrongUsageError(f"to: {to!r} is no URL (http or https, ASCII)")
    return options


def new_token(
    connection: Connection, deployment: Deployment, kind: str, label: str, options: Options | None = None
) -> Planted:
    """Create a token of `kind`; `label` says where it is planted. Raises KeyFileError, OperatorError."""
    return new_bait(connection, deployment, kind, label, options or Options())[0]


def new_bait(
    connection: Connection, deployment: Deployment, kind: str, label: str, options: Options
) -> tuple[Planted, Bait]:
    """Create a token and its bait, of which a file is kept. Raises KeyFileError, OperatorError."""
    label = _checked(label)
    what, key, now_ns = kind_named(kind), canary_key(deployment.state.keys), time.time_ns()
    slug = _numbered(connection, key) if what.slug is SlugKind.WIREGUARD else mint(key, what.slug)
    token = _token(deployment.settings.section("canary", CanarySettings), slug, key, options)
    for name in what.needs:
        if not getattr(token, name):
            raise WrongUsageError(f"a token of kind {kind}: {_HOW[name]}")
    bait = what.make(token)
    made = queries.add_token(connection, slug, label, now_ns=now_ns, kind=kind, recognised_by=bait.recognised_by)
    if bait.name:
        blobs.add_blob(connection, slug.text, bait.name, bait.media_type, bait.content, now_ns=now_ns)
    return placed(deployment, made), bait


class Instrumented(msgspec.Struct, frozen=True):
    """A document with a token in it, which is not stored yet."""

    slug: Slug
    kind: str
    bait: Bait


def prepared(deployment: Deployment, document: bytes, file: Path) -> Instrumented:
    """Put a new token into a document, which was read from `file`; takes seconds. KeyFileError, DocumentError."""
    what = FORMATS[file.suffix.lower()]
    slug = mint(canary_key(deployment.state.keys), what.slug)
    url = deployment.settings.section("canary", CanarySettings).url_of(slug.text)
    result = instrument(document, file.suffix.lower(), f"{url}.gif" if what.slug is SlugKind.WEBBUG else url)
    return Instrumented(
        slug, what.ending.lstrip("."), Bait(result, f"{file.stem}-canary{what.ending}", what.media_type)
    )


def instrumented(connection: Connection, deployment: Deployment, made: Instrumented, label: str) -> Planted:
    """Store a document with its token."""
    bait, now_ns = made.bait, time.time_ns()
    token = queries.add_token(connection, made.slug, _checked(label), now_ns=now_ns, kind=made.kind)
    blobs.add_blob(connection, made.slug.text, bait.name, bait.media_type, bait.content, now_ns=now_ns)
    return placed(deployment, token)


def _checked(given: str) -> str:
    """Return the label as it is stored."""
    if not given.strip():
        raise WrongUsageError("the label is empty: say where the token will be planted, it is shown with each hit")
    return checked_label(given, "label of a canary")


def planted(connection: Connection, deployment: Deployment, limit: int) -> list[Planted]:
    """Return the tokens, newest first."""
    return [placed(deployment, token) for token in queries.tokens(connection, limit)]


def first_tokens(deployment: Deployment) -> list[Planted]:
    """Return the tokens to show for a fleet: its first, else its newest. A new fleet gets a URL and a DNS token.

    Raises OperatorError when the database cannot be used.
    """
    with transaction(deployment) as connection:
        tokens = planted(connection, deployment, limit=1000)
    if tokens:
        return ([token for token in tokens if token.label == FIRST_LABEL] or tokens)[1::-1]
    with transaction(deployment, write=True) as connection:
        return [new_token(connection, deployment, kind, FIRST_LABEL) for kind in ("url", "dns")]


def _numbered(connection: Connection, key: bytes) -> Slug:
    """Return the first WireGuard token that is not used; raises RefusedError."""
    for number in range(wireguard.MOST_TOKENS):
        slug = wireguard.slug_of_number(key, number)
        if queries.token_named(connection, slug.text) is None:
            return slug
    raise RefusedError(f"there are {wireguard.MOST_TOKENS} WireGuard tokens already: remove some")


def _token(settings: CanarySettings, slug: Slug, key: bytes, options: Options) -> Token:
    return Token(
        slug.text,
        settings.url_of(slug.text),
        settings.host_of(slug.text),
        key,
        to=options.to,
        site=options.site,
        scheme=options.scheme,
        wireguard=settings.wireguard_listen and (settings.public_wireguard or settings.wireguard_listen),
        authority=settings.client_authority,
    )


def placed(deployment: Deployment, token: CanaryToken) -> Planted:
    """Return a token with the place at which it is reached."""
    settings = deployment.settings.section("canary", CanarySettings)
    url = settings.url_of(token.token) + (".gif" if token.kind == "webbug" else "")
    place = settings.host_of(token.token) if token.kind in _BY_NAME else url
    disabled = token.disabled_at is not None
    return Planted(token.token, token.kind, token.label, place, token.created_at, disabled)
