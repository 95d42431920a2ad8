# SPDX-License-Identifier: MIT
"""The reference pages: whole, and in words that a reader knows."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec
import pytest

from decnet.command import COMMANDS
from decnet.manual.reference import pages as reference
from decnet_core.bus.subjects import SUBJECTS
from decnet_core.events.catalogue import KINDS
from decnet_core.events.notices import NOTICE_KINDS
from decnet_core.runtime import worker_registry
from decnet_workers.webhook.formats.registry import FORMATS

PAGES = ("workers", "settings", "commands", "events", "notices", "formats", "subjects", "rules", "canary", "tables")


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return {name: reference.text(name) for name in reference.PAGES}


def headings(page: str, level: str = "##") -> list[str]:
    return re.findall(rf"^{level} `?([^`\n]+)`?$", page, re.MULTILINE)


def test_nothing_that_is_registered_is_missing(pages: dict[str, str]) -> None:
    assert tuple(pages) == PAGES
    assert headings(pages["workers"]) == list(worker_registry.names())
    assert headings(pages["events"]) == list(KINDS)
    assert headings(pages["notices"]) == list(NOTICE_KINDS)
    assert headings(pages["formats"]) == list(FORMATS)
    assert headings(pages["subjects"]) == [subject.pattern for subject in SUBJECTS]
    assert headings(pages["commands"]) == [
        *(f"decnet {command.name}" for command in COMMANDS),
        "decnet-db",
        "decnet-supervise",
        *(f"decnet-{name}" for name in worker_registry.names()),
    ]
    for name in worker_registry.names():
        for field in msgspec.structs.fields(worker_registry.load(name).Settings):
            assert f"| `{field.encode_name}` |" in pages["workers"] + pages["settings"]


@pytest.mark.parametrize("name", PAGES)
def test_no_page_speaks_python(pages: dict[str, str], name: str) -> None:
    assert not re.search(r"typing\.|msgspec|<class|NoneType|object at 0x|\bNone\b", pages[name])


@pytest.mark.parametrize("name", PAGES)
def test_every_row_of_a_table_has_as_many_cells_as_its_heading(pages: dict[str, str], name: str) -> None:
    for table in tables_in(pages[name]):
        assert len({len(re.findall(r"(?<!\\)\|", row)) for row in table}) == 1, table[0]


def tables_in(page: str) -> Iterator[list[str]]:
    table: list[str] = []
    for line in [*page.splitlines(), ""]:
        if line.startswith("|"):
            table.append(line)
        elif table:
            yield table
            table = []
