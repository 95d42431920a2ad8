# SPDX-License-Identifier: MIT
from __future__ import annotations

import hashlib

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from decnet_core.canary import SlugKind, mint
from decnet_models.canary import blobs
from decnet_models.canary.queries import add_token
from decnet_models.database.engine import writing

SLUG = mint(bytes(32), SlugKind.URL)
CONTENT = bytes(range(256)) * 10


def test_a_document_is_kept_byte_for_byte_and_found_by_its_digest(engine: Engine) -> None:
    with writing(engine) as connection:
        add_token(connection, SLUG, "the share", now_ns=1)
        blob = blobs.add_blob(connection, SLUG.text, "plan.docx", "application/zip", CONTENT, now_ns=2)
        assert blob.size == len(CONTENT)
        assert blobs.blob_of(connection, SLUG.text) == blob
        assert blobs.content_of(connection, SLUG.text) == CONTENT
        assert blobs.tokens_in(connection, hashlib.sha256(CONTENT).hexdigest()) == [SLUG.text]
        assert blobs.remove_blob(connection, SLUG.text)
        assert not blobs.remove_blob(connection, SLUG.text)
        assert blobs.content_of(connection, SLUG.text) is None


def test_a_document_needs_a_token_and_is_bounded(engine: Engine) -> None:
    with pytest.raises(IntegrityError), writing(engine) as connection:
        blobs.add_blob(connection, SLUG.text, "plan.docx", "application/zip", CONTENT, now_ns=2)
    with pytest.raises(ValueError, match="the limit is"), writing(engine) as connection:
        blobs.add_blob(connection, SLUG.text, "big", "text/plain", bytes(blobs.MAX_BYTES + 1), now_ns=2)
