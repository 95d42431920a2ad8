# SPDX-License-Identifier: MIT
"""What SQLite's integrity check says, sorted by table, index and page.

Its sentences are not an interface, but they have named pages and indexes in the same few ways since 2004; 3.42 has
`Tree 4 page 12 cell 3` where older ones have `On tree page 12 cell 3`.
"""

import re
from collections.abc import Iterable, Iterator

import msgspec

from decnet_models.sqlite_pages.readable import Readable
from decnet_models.sqlite_pages.schema_rows import Tree

_NEVER_USED = re.compile(r"^Page (\d+)(?: is|:) never used$")
_PAGE = re.compile(r"^(?:On )?(?:[Tt]ree \d+ |tree )?[Pp]age (\d+)\b|\bon page (\d+)$")
_INDEX = re.compile(r"(?:index|in index) (\S+)$")
_COLUMN = re.compile(r"^\S+ value in (\w+)\.\w+$|^CHECK constraint failed in (\w+)$")
_HEADING = "*** in database main ***"


class Damage(msgspec.Struct, frozen=True):
    """One thing that is wrong; `kind` is table, index, schema, free list, file, reference or unused."""

    message: str
    kind: str
    name: str = ""
    """Of the table or index."""
    table: str = ""
    page: int | None = None

    @property
    def words(self) -> str:
        """The damage as a sentence."""
        match self.kind:
            case "table":
                place = f"table {self.name}"
            case "index":
                place = f"index {self.name} of {self.table}" if self.table else f"index {self.name}"
            case "schema" | "free list":
                place = self.kind
            case _:
                return self.message
        return f"{place}, page {self.page}: {self.message}" if self.page else f"{place}: {self.message}"


def from_sentences(sentences: Iterable[str], readable: Readable) -> Iterator[Damage]:
    """Yield the damages that the sentences of `PRAGMA integrity_check` tell of."""
    unused = 0
    for sentence in (part for row in sentences for part in row.splitlines()):
        if sentence in {"ok", _HEADING}:
            continue
        if _NEVER_USED.match(sentence):
            unused += 1
        else:
            yield _damage(sentence, readable)
    if unused:
        yield Damage(f"{unused} pages belong to nothing", "unused")


def from_walk(readable: Readable) -> Iterator[Damage]:
    """Yield the damages that reading the pages shows."""
    survey = readable.survey
    yield from (Damage(message, "file") for message in survey.pages.damages)
    yield from (Damage(message, "free list", page=page) for page, message in survey.free_damages if survey.pages.sound)
    for walked in survey.walked.values():
        for gap in walked.gaps:
            yield of_tree(walked.tree, gap.reason, gap.page or None)
        for (page, _), reason in walked.broken.items():
            yield of_tree(walked.tree, reason, page)


def of_tree(tree: Tree | None, message: str, page: int | None) -> Damage:
    """Return a damage of what the page belongs to."""
    if tree is None or (not tree.root and tree.name != "free list"):
        if tree is not None and tree.table:
            return Damage("the schema no longer says where it is", "table", tree.name, tree.table)
        return Damage(f"page {page}: {message}", "file", page=page)
    if tree.name == "free list":
        return Damage(message, "free list", page=page)
    if tree.name == "sqlite_schema":
        return Damage(message, "schema", page=page)
    return Damage(message, "table" if tree.holds_rows else "index", tree.name, tree.table, page)


def _damage(sentence: str, readable: Readable) -> Damage:
    trees = {walked.tree.name: walked.tree for walked in readable.survey.walked.values()}
    if (found := _INDEX.search(sentence)) and found[1] in trees:
        return of_tree(trees[found[1]], sentence, None)
    if found := _COLUMN.match(sentence):
        return Damage(sentence, "table", found[1] or found[2], found[1] or found[2])
    if sentence.startswith(("Main freelist", "Freelist")):
        return Damage(sentence, "free list")
    if found := _PAGE.search(sentence):
        page = int(found[1] or found[2])
        return of_tree(_owner(page, readable), sentence, page)
    return Damage(sentence, "file")


def _owner(page: int, readable: Readable) -> Tree | None:
    """Return what the page is, or was: a damaged page belongs to the tree whose page refers to it."""
    owner = readable.survey.owner(page)
    if owner is not None:
        return owner
    for walked in readable.survey.walked.values():
        if any(gap.page == page for gap in walked.gaps):
            return walked.tree
    return None
