# SPDX-License-Identifier: MIT
"""Writes the reference pages from the registries, so that they cannot be wrong.

A page is a function that yields Markdown: `canary_page` has kinds of tokens, `catalogue_pages` events, notices and
subjects, `fleet_pages` workers and settings, `command_page` commands, `rule_page` rules, `table_page` the database.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from canary_page import canary_kinds
from catalogue_pages import events, notices, subjects
from command_page import commands
from fleet_pages import settings, workers
from rule_page import rules
from table_page import tables

PAGES: dict[str, tuple[str, Callable[[], Iterator[str]]]] = {
    "workers": ("what each worker does, reads and writes, and its settings", workers),
    "settings": ("the settings that all workers share", settings),
    "commands": ("every console script with its commands and options", commands),
    "events": ("every kind of event, which workers produce and read it", events),
    "notices": ("what webhooks deliver", notices),
    "subjects": ("the messages on the bus", subjects),
    "rules": ("every detection rule that ttp comes with: why it matters, its techniques, its false positives", rules),
    "canary": ("every kind of canary token: what trips it, what it reveals", canary_kinds),
    "tables": ("every table of the database, with a picture of each domain", tables),
}
"""Every page by its name, with what it contains."""


def main() -> None:
    """Write the pages into the directory named by the first argument (default: site/reference)."""
    target = Path(sys.argv[1] if len(sys.argv) > 1 else "site/reference")
    target.mkdir(parents=True, exist_ok=True)
    for name, page in {"index": index, **{name: page for name, (_, page) in PAGES.items()}}.items():
        (target / f"{name}.md").write_text("\n".join(page()) + "\n", encoding="utf-8")
        print(target / f"{name}.md")  # the command's output


def index() -> Iterator[str]:
    """The page that links to the others."""
    yield "# Reference\n\nWritten by `docs/generate.py` from the code.\n"
    for name, (told, _) in PAGES.items():
        yield f"- [{name.capitalize()}]({name}.md): {told}"


if __name__ == "__main__":
    main()
