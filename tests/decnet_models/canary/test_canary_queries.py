# SPDX-License-Identifier: MIT
from __future__ import annotations

from sqlalchemy import Engine

from decnet_core.canary import SlugKind, mint
from decnet_models.canary.queries import CanaryToken, add_token, label_of, tokens
from decnet_models.database.engine import reading, writing

KEY = bytes(32)


def test_a_token_is_found_by_its_slug_in_any_case(engine: Engine) -> None:
    slug = mint(KEY, SlugKind.DNS)
    with writing(engine) as connection:
        add_token(connection, slug, "the backup script", now_ns=7)
    with reading(engine) as connection:
        assert label_of(connection, slug.text.upper()) == "the backup script"
        assert label_of(connection, mint(KEY, SlugKind.DNS).text) is None
        assert tokens(connection) == [CanaryToken(slug.text, "dns", "the backup script", 7)]


def test_tokens_are_listed_newest_first(engine: Engine) -> None:
    with writing(engine) as connection:
        for moment in range(5):
            add_token(connection, mint(KEY, SlugKind.URL), f"place {moment}", now_ns=moment)
        assert [token.label for token in tokens(connection, limit=2)] == ["place 4", "place 3"]


def test_a_label_that_a_database_cannot_hold_is_made_to_fit(engine: Engine) -> None:
    slug = mint(KEY, SlugKind.URL)
    with writing(engine) as connection:
        add_token(connection, slug, "a\0b" * 500, now_ns=1)
        label = label_of(connection, slug.text)
    assert label is not None
    assert len(label) == 255
    assert "\0" not in label
