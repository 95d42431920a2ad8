# SPDX-License-Identifier: MIT
"""One root of errors per distribution: who calls it can catch all of them, and nothing else."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator

import pytest

ROOTS = {
    "decnet": "CommandError",
    "decnet_core": "CoreError",
    "decnet_decoys": "DecoysError",
    "decnet_models": "ModelsError",
    "decnet_sniff": "SniffError",
    "decnet_swarm": "SwarmError",
    "decnet_workers": "WorkersError",
}

NO_ERRORS = {
    "decnet_decoys.shell.control_flow",  # how a line of the shell is left: control flow
    "decnet.command",  # `decnet --help` imports nothing; its one error stays within
}


def errors_of(distribution: str) -> Iterator[type[BaseException]]:
    package = importlib.import_module(distribution)
    for found in pkgutil.walk_packages(package.__path__, f"{distribution}."):
        if found.name in NO_ERRORS or found.name.endswith(".__main__") or ".migrations." in found.name:
            continue
        for each in vars(importlib.import_module(found.name)).values():
            if inspect.isclass(each) and issubclass(each, BaseException) and each.__module__ == found.name:
                yield each


@pytest.mark.parametrize("distribution", ROOTS)
def test_every_error_of_a_distribution_has_its_root_or_a_siblings(distribution: str) -> None:
    modules = {name: f"{name}.errors" for name in ROOTS} | {"decnet": "decnet.cli.errors"}
    roots = {name: getattr(importlib.import_module(modules[name]), root) for name, root in ROOTS.items()}
    found = list(errors_of(distribution))
    assert roots[distribution] in found
    assert [error for error in found if not issubclass(error, tuple(roots.values()))] == []
