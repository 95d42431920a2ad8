# SPDX-License-Identifier: MIT
"""The how-to pages as tests follow them: their fenced blocks in order, each with the file that it is to become."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

PAGES = Path(__file__).parents[2] / "docs" / "howto"

_BLOCK = re.compile(
    r"^(?:`(?P<file>[\w./-]+)`:\n\n)?```(?P<language>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)


class Block(NamedTuple):
    """A fenced block; `file` is the path in backquotes, with a colon, on the line above."""

    language: str
    text: str
    file: str | None


def blocks(page: str) -> list[Block]:
    """Return the blocks of `docs/howto/{page}.md`."""
    text = (PAGES / f"{page}.md").read_text()
    return [Block(found["language"], found["text"], found["file"]) for found in _BLOCK.finditer(text)]
