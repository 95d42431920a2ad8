# SPDX-License-Identifier: MIT
from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from decnet_models.migrations.check import declared_schema, domains

DOCS = Path(__file__).parents[3] / "docs"


@pytest.fixture
def generate() -> ModuleType:
    if not (DOCS / "generate.py").exists():
        pytest.skip("the distribution is tested without its workspace")
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_table_is_described_and_every_domain_has_a_picture(generate: ModuleType) -> None:
    page = "\n".join(generate.tables())
    assert set(re.findall(r"^### `(\w+)`$", page, re.MULTILINE)) == set(declared_schema().tables)
    pictures = re.findall(r"```mermaid\n(.*?)```", page, re.DOTALL)
    assert len(pictures) == len(domains())
    for picture in pictures:
        for line in picture.splitlines()[1:]:
            assert re.fullmatch(MERMAID, line), line


MERMAID = (
    r"    (\w+ \{|\}"  # an entity
    r"|    \w+ \w+ (PK|FK|PK, FK)"  # a column of it
    r'|\w+ (\|\||\|o)(--|\.\.)(o\{|o\|) \w+ : "\w+")'  # a reference
)
"""What we write of Mermaid's grammar (mermaid.js.org/syntax/entityRelationshipDiagram.html)."""
