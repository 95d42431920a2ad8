# SPDX-License-Identifier: MIT
"""All reference pages by name.

A page is a function that yields Markdown: `catalogue` has events, notices and subjects, `fleet` workers and settings,
`formats` formats of receivers, `commands` the programs, `detection` rules, `canary` kinds of tokens, `tables`
the database.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from decnet.cli.errors import OperatorError
from decnet.manual.reference.canary import canary_kinds
from decnet.manual.reference.catalogue import events, notices, subjects
from decnet.manual.reference.commands import commands
from decnet.manual.reference.detection import rules
from decnet.manual.reference.fleet import settings, workers
from decnet.manual.reference.formats import formats


class MissingExtraError(OperatorError):
    """A page needs an extra that is not installed."""


def _tables() -> Iterator[str]:
    try:
        from decnet.manual.reference.tables import tables
    except ModuleNotFoundError as error:
        if error.name != "sqlmodel":
            raise
        raise MissingExtraError("the page tables needs the extra sqlmodel: docs/install.md") from error
    return tables()


PAGES: dict[str, tuple[str, Callable[[], Iterator[str]]]] = {
    "workers": ("what each worker does, reads and writes, and its settings", workers),
    "settings": ("the settings that all workers share", settings),
    "commands": ("every console script with its commands and options", commands),
    "events": ("every kind of event, which workers produce and read it", events),
    "notices": ("what webhooks deliver", notices),
    "formats": ("the formats of receivers of notices, and what each needs", formats),
    "subjects": ("the messages on the bus", subjects),
    "rules": ("every detection rule that ttp comes with: why it matters, its techniques, its false positives", rules),
    "canary": ("every kind of canary token: what trips it, what it reveals", canary_kinds),
    "tables": ("every table of the database, with a picture of each domain", _tables),
}
"""Every page by its name, with what it contains."""


def text(name: str) -> str:
    """Return a page, or `index`, which links to the others."""
    page = index if name == "index" else PAGES[name][1]
    return "\n".join(page()) + "\n"


def write(folder: Path) -> list[Path]:
    """Write all pages into `folder` but those for which an extra is missing; return their paths. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name in ("index", *PAGES):
        try:
            page = text(name)
        except MissingExtraError:
            continue
        (folder / f"{name}.md").write_text(page, encoding="utf-8")
        written.append(folder / f"{name}.md")
    return written


def index() -> Iterator[str]:
    """The page that links to the others."""
    yield "# Reference\n\nWritten by `decnet docs` from the code.\n"
    for name, (told, _) in PAGES.items():
        yield f"- [{name.capitalize()}]({name}.md): {told}"
