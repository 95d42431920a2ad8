# SPDX-License-Identifier: MIT
"""The canary tokens as SQLModel classes."""

from typing import Optional

from decnet_models.canary import tables
from decnet_models.table_model import TableModel, related


class CanaryToken(TableModel, table=True):
    """A canary token that was planted."""

    __table__ = tables.canary_token

    token: str
    """The token itself, as in its URL or host name."""
    kind: str
    """What it looks like: url, dns, ..."""
    label: str
    """Where its owner planted it, in the owner's words."""
    created_at: int
    """When it was created."""

    blob_row: Optional["CanaryBlob"] = related()


class CanaryBlob(TableModel, table=True):
    """A document that contains a token."""

    __table__ = tables.canary_blob

    token: str
    """The token that is used when the document is opened."""
    name: str
    """The file name of the document."""
    media_type: str
    """The media type of the document."""
    size: int
    """The size in bytes, at most 32 MiB."""
    sha256: str
    """The SHA-256 of the content."""
    content: bytes
    """The document."""
    created_at: int
    """When it was created."""

    token_row: CanaryToken = related()
