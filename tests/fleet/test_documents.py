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
