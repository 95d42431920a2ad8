# SPDX-License-Identifier: MIT
"""What people read first: links lead somewhere, and what is there is named."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from decnet_core.runtime import worker_registry

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("packages/*/README.md")])


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_of_a_document_leads_to_a_file(document: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)", document.read_text())
    missing = [link for link in links if "://" not in link and not (document.parent / link).exists()]
    assert not missing


def test_the_readme_leads_to_every_document() -> None:
    links = {(ROOT / link).resolve() for link in re.findall(r"\]\(([^)#]+)", (ROOT / "README.md").read_text())}
    assert {document for document in DOCUMENTS if document.name != "README.md"} <= links


def test_the_architecture_names_every_worker() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text()
    assert [name for name in worker_registry.names() if not re.search(rf"\b{name}\b", text)] == []


@pytest.mark.parametrize("project", sorted(ROOT.glob("packages/*/pyproject.toml")), ids=lambda path: path.parent.name)
def test_a_distribution_names_its_console_scripts(project: Path) -> None:
    scripts = tomllib.loads(project.read_text())["project"]["scripts"]
    readme = (project.parent / "README.md").read_text()
    last = readme[readme.index("Console script") :]
    assert {name for name in scripts if f"`{name}" not in last} == set()


def test_files_that_the_contributors_guide_names_exist() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    for path in re.findall(r"`((?:packages|\.\.\.|docs|tests)/[\w./*-]+)`", text):
        pattern = path.replace(".../decnet_core/", "packages/decnet-core/src/decnet_core/")
        assert list(ROOT.glob(pattern.rstrip("/"))), path


def test_the_figures_of_the_memory_page_are_those_of_its_picture() -> None:
    page, svg = ((ROOT / "docs" / "explanation" / f"memory.{kind}").read_text() for kind in ("md", "svg"))
    drawn = re.findall(r">([^<]+)</text>\n<rect[^\n]+\n<rect[^\n]+\n<text[^>]+>([\d.]+) \(([\d.]+) own\)", svg)
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines() if line.startswith("| ")
    ]
    processes = {name for name, _, _ in drawn}
    named = [row for row in rows if len(row) == 5 and row[0] in processes]
    assert len(drawn) > 10
    shown = [tuple(row[:3]) for row in named if row[1]] + [(row[0], *row[3:]) for row in named if row[3]]
    assert sorted(shown) == sorted(drawn)
    (total,) = [row for row in rows if row[0] == "in all"]
    assert re.findall(r"([\d.]+) MiB in all", svg) == [total[1], total[3]]
