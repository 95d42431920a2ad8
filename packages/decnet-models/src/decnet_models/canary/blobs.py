# SPDX-License-Identifier: MIT
"""Documents that trigger a canary token when they are opened, stored so that they can be planted again."""

import hashlib

import msgspec
from sqlalchemy import Connection, delete, insert, select

from decnet_core.text import for_column
from decnet_models.canary.tables import canary_blob

MAX_BYTES = 32 << 20
"""Of one document; the table checks it too."""


class Blob(msgspec.Struct, frozen=True):
    """A document's metadata; `created_at` is nanoseconds since the Unix epoch."""

    token: str
    name: str
    media_type: str
    size: int
    sha256: str
    created_at: int


def add_blob(connection: Connection, token: str, name: str, media_type: str, content: bytes, *, now_ns: int) -> Blob:
    """Store a token's document; ValueError over MAX_BYTES, IntegrityError for an unknown token or a second one."""
    if len(content) > MAX_BYTES:
        raise ValueError(f"the document has {len(content)} bytes, the limit is {MAX_BYTES}")
    digest = hashlib.sha256(content).hexdigest()
    blob = Blob(token, for_column(name, 255), for_column(media_type, 127), len(content), digest, now_ns)
    connection.execute(insert(canary_blob).values(**msgspec.structs.asdict(blob), content=content))
    return blob


def blob_of(connection: Connection, token: str) -> Blob | None:
    """Return the metadata of the token's document, None when it has none."""
    c = canary_blob.c
    row = connection.execute(
        select(*(c[name] for name in Blob.__struct_fields__)).where(c.token == token)
    ).one_or_none()
    return Blob(*row) if row else None


def content_of(connection: Connection, token: str) -> bytes | None:
    content: bytes | None = connection.execute(
        select(canary_blob.c.content).where(canary_blob.c.token == token)
    ).scalar()
    return content


def tokens_in(connection: Connection, sha256: str) -> list[str]:
    """Return the tokens of the documents with that SHA-256: to recognise a captured file."""
    query = select(canary_blob.c.token).where(canary_blob.c.sha256 == sha256).order_by(canary_blob.c.token)
    return list(connection.execute(query).scalars())


def remove_blob(connection: Connection, token: str) -> bool:
    """Delete the token's document; the token stays. False when it has none."""
    return connection.execute(delete(canary_blob).where(canary_blob.c.token == token)).rowcount > 0
