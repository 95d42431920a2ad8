# SPDX-License-Identifier: MIT
"""Imports every module of an installed package: `python import_all.py PACKAGE OPTIONAL...`.

A module may lack only what belongs to an extra: it must say so by a ModuleNotFoundError that names one of OPTIONAL.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys

NOT_MODULES = ("__main__", "migrations.env")
"""Programs: they run when they are imported, one of them inside Alembic."""


def main(package: str, *optional: str) -> None:
    """Raise what the first module raises that cannot be imported."""
    root = importlib.import_module(package)
    for found in pkgutil.walk_packages(root.__path__, f"{package}.", onerror=_raise):
        if not found.name.endswith(NOT_MODULES):
            try:
                importlib.import_module(found.name)
            except ModuleNotFoundError as error:
                if error.name not in optional:
                    raise


def _raise(_package: str) -> None:
    raise  # noqa: PLE0704  # what its import raised


if __name__ == "__main__":
    main(*sys.argv[1:])
