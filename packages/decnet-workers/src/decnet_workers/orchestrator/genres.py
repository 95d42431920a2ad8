# SPDX-License-Identifier: MIT
"""The kinds of documents, read from the files in `genre_files`: where one is, how often it grows, and its grammar."""

import functools
import tomllib
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Literal

import msgspec

from decnet_workers.orchestrator.grammar import Grammar

Period = Literal["week", "month", "spool"]


class Genre(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`head` and `entry` of its productions make up a document: one head, and an entry each time that it grows.

    The production `body` of an entry is its prose.
    """

    path: str
    """Filled in as a production; the same for all that is drawn in one period."""
    period: Period
    """For which time one document is; a spool goes on for ever and loses its oldest entries."""
    per_day: float
    """How often it grows in a working day, on average."""
    productions: dict[str, tuple[str, ...]]
    mode: int = 0o644
    about: str = ""
    """What it is, as told to a text endpoint, which then writes the prose; empty: it has none."""
    bait: bool = False
    """Whether it is written only where a canary token is planted."""


_WORDS = "words.toml"


@functools.cache
def genres() -> dict[str, Genre]:
    """Return the genres by name."""
    files = sorted(_folder().iterdir(), key=lambda file: file.name)
    names = [file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml") and file.name != _WORDS]
    return {name: msgspec.convert(_document(f"{name}.toml"), Genre) for name in names}


@functools.cache
def grammar(genre: str) -> Grammar:
    """Return a genre's grammar, to which the words of all belong."""
    words = msgspec.convert(_document(_WORDS), dict[str, tuple[str, ...]])
    return Grammar({**words, **genres()[genre].productions})


def _folder() -> Traversable:
    return resources.files("decnet_workers.orchestrator") / "genre_files"


def _document(name: str) -> dict[str, object]:
    return tomllib.loads((_folder() / name).read_text("utf-8"))
