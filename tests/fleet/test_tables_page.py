# SPDX-License-Identifier: MIT
from __future__ import annotations

import re

import pytest

from decnet.manual.reference.tables import tables
from decnet_models.database.domains import domains
from decnet_models.migrations.check import declared_schema


@pytest.fixture
def page() -> str:
    return "\n".join(tables())


def test_every_table_is_described_and_every_domain_has_a_picture(page: str) -> None:
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
