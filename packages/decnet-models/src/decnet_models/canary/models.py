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
    """What it looks like: url, dns, docx, ..."""
    label: str
    """Where its owner planted it, in the owner's words."""
    created_at: int
    """When it was created."""
    disabled_at: int | None = None
    """Since when its uses are not announced any more."""
    recognised_by: str | None = None
    """The fingerprint of the SSH key by which decoys see its use."""

    blob_row: Optional["CanaryBlob"] = related()
    planting_rows: list["CanaryPlanting"] = related()


class CanaryPlanting(TableModel, table=True):
    """A file on a decky that contains a token."""

    __table__ = tables.canary_planting

    token: str
    """The token in it."""
    decky: str
    """The name of the decky."""
    path: str
    """The path on the decky's machine."""
    planted_at: int
    """When it was planted."""

    token_row: CanaryToken = related()


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
