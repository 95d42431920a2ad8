# SPDX-License-Identifier: MIT
"""Writes all tokens into a document, for a backup or another fleet with the same key, and reads it back."""

import msgspec
from sqlalchemy import Connection

from decnet.cli.errors import OperatorError
from decnet_core.canary import verify
from decnet_models.canary import blobs, queries
from decnet_models.canary.queries import CanaryToken, Planting

_VERSION = 1
_MOST = 1_000_000


class Exported(msgspec.Struct, frozen=True):
    """A token, its file if it has one, and where that was planted."""

    token: CanaryToken
    file: blobs.Blob | None = None
    content: bytes | None = None
    plantings: tuple[Planting, ...] = ()


class Document(msgspec.Struct, frozen=True):
    tokens: tuple[Exported, ...]
    version: int = _VERSION


def exported(connection: Connection) -> bytes:
    """Return all tokens with their files as a JSON document. It contains secrets: passwords and keys of bait."""
    return msgspec.json.format(msgspec.json.encode(Document(tuple(_all(connection)))), indent=1) + b"\n"


def imported(connection: Connection, text: bytes, key: bytes) -> tuple[int, int]:
    """Add the tokens of a document; return how many were new, and how many were there already.

    Raises OperatorError for another document, or for tokens of another fleet's key, which no receiver here knows.
    """
    try:
        document = msgspec.json.decode(text, type=Document)
    except msgspec.DecodeError as error:
        raise OperatorError(f"this is no document of `decnet canary export`: {error}") from error
    if document.version != _VERSION:
        raise OperatorError(f"the document is of version {document.version}; this program reads {_VERSION}")
    foreign = [one.token.token for one in document.tokens if verify(key, one.token.token) is None]
    if foreign:
        raise OperatorError(
            f"{len(foreign)} of {len(document.tokens)} tokens were made with another key: first copy keys/canary.key "
            "of the fleet that they are from"
        )
    new = [one for one in document.tokens if queries.token_named(connection, one.token.token) is None]
    for one in new:
        _add(connection, one)
    return len(new), len(document.tokens) - len(new)


def _all(connection: Connection) -> list[Exported]:
    return [
        Exported(
            token,
            blobs.blob_of(connection, token.token),
            blobs.content_of(connection, token.token),
            tuple(queries.plantings(connection, token.token)),
        )
        for token in queries.tokens(connection, _MOST)
    ]


def _add(connection: Connection, one: Exported) -> None:
    queries.insert_token(connection, one.token)
    if one.file is not None and one.content is not None:
        file = one.file
        blobs.add_blob(connection, one.token.token, file.name, file.media_type, one.content, now_ns=file.created_at)
    for planting in one.plantings:
        queries.record_planting(connection, planting)
