# SPDX-License-Identifier: MIT
"""Names of this version's migrations, by their files; no database library is loaded with it."""

from pathlib import Path

VERSIONS = Path(__file__).parent / "versions"


def revisions() -> list[str]:
    """Return the names of this version's migrations in order; they are numbered and form one chain."""
    return sorted(file.stem for file in VERSIONS.glob("[0-9]*.py"))


def newest_revision() -> str:
    """Return the last migration's name (`0001_initial`)."""
    return revisions()[-1]
