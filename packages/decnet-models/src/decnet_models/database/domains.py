# SPDX-License-Identifier: MIT
"""The domains: every folder of this package with a `tables.py`."""

import importlib
import pkgutil
import sys
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import MetaData, Table

import decnet_models


def domains() -> list[str]:
    """Return the names of all domains, without loading any."""
    root = Path(decnet_models.__file__).parent
    modules = pkgutil.iter_modules([str(root)])
    return sorted(one.name for one in modules if one.ispkg and (root / one.name / "tables.py").exists())


def load_metadata(domain: str) -> MetaData:
    """Return the domain's tables, loading them if necessary."""
    metadata: MetaData = importlib.import_module(f"decnet_models.{domain}.tables").metadata
    return metadata


def all_tables() -> list[Table]:
    """Return the tables of all domains, in each domain parents before children; loads them all."""
    return [table for domain in domains() for table in load_metadata(domain).sorted_tables]


def loaded_metadata() -> Iterator[MetaData]:
    """Yield the tables of the domains that this process has loaded; it can use no others."""
    for name, module in list(sys.modules.items()):
        if name.startswith("decnet_models.") and name.endswith(".tables"):
            yield module.metadata
