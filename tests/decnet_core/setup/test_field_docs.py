# SPDX-License-Identifier: MIT
from __future__ import annotations

import msgspec

from decnet_core.setup.field_docs import field_docs


class Above(msgspec.Struct):
    """A Struct."""

    inherited: int
    """From above."""
    retold: int = 0
    """As above."""


class Below(Above):
    """A Struct with fields of another."""

    silent: int = 0
    long: int = 0
    """Said
    in two lines."""
    retold: int = 1
    """Otherwise."""


def test_a_field_has_the_sentence_below_it_or_that_of_the_class_above() -> None:
    assert field_docs(Below) == {
        "inherited": "From above.",
        "retold": "Otherwise.",
        "long": "Said in two lines.",
    }
