# SPDX-License-Identifier: MIT
"""Law 1: a process imports only its own job. Every worker is started for real, without arguments, and looked into."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Table

from decnet_core.exits import StartupError
from decnet_core.runtime import worker_registry
from decnet_core.supervise.fork.group_lookup import groups_of
from decnet_core.supervise.preload import loading
from decnet_models.database.domains import domains, load_metadata
from decnet_models.database.ownership import READERS, may_write
from decnet_models.following.cursor_worker import CursorWorker

ROOT = Path(__file__).parents[2]

NEVER = {
    "typer",
    "httpx",
    "yaml",
    "rich",
    "fastapi",
    "scapy",
    "pydantic",
    "sqlmodel",
    "alembic",
    "sqlalchemy.orm",
    "pytest",
}
"""In no worker that runs ..."""

UNLESS_IT_IS_THE_FACE = {"api": {"fastapi", "pydantic", "sqlmodel", "sqlalchemy.orm"}}
"""... but what these are made of."""

WITH_DATABASE = {name for name in worker_registry.names() if worker_registry.load(name).database}

ONLY_IN = {
    "sqlalchemy": WITH_DATABASE,
    "decnet_models": WITH_DATABASE,
    "h11": {"webhook", "enrich", "api", "web"},
    "maxminddb": {"enrich"},
    "asyncssh": {"decoys"},
    "cryptography": {"decoys", "api"},
    "re2": {"ttp"},
}
"""What is heavy, and who may hold it."""


def domains_of(name: str) -> set[str]:
    """Return the domains that a worker may load: those that its sources name and whose tables say that it is theirs.

    Who follows the log has, besides, the log, the outbox and the known sources; who has the database its progress.
    """
    worker = worker_registry.load(name)
    if not worker.database:
        return set()
    sources = "".join(file.read_text() for file in Path(inspect.getfile(worker)).parent.rglob("*.py"))
    named = {"progress", *re.findall(r"^from decnet_models\.(\w+)", sources, re.MULTILINE)}
    log = {"events", "known", "notices"} if issubclass(worker, CursorWorker) else set()
    return log | {
        domain for domain in domains() if domain in named and any(map(partial(uses, name), tables_of(domain)))
    }


def tables_of(domain: str) -> list[Table]:
    return load_metadata(domain).sorted_tables


def uses(name: str, table: Table) -> bool:
    return may_write(table, name) or name in table.info[READERS]


def script_targets() -> dict[str, str]:
    scripts: dict[str, str] = {}
    for path in (ROOT / "packages").glob("*/pyproject.toml"):
        scripts |= tomllib.loads(path.read_text())["project"]["scripts"]
    return {name: scripts[f"decnet-{name}"].removesuffix(".main") for name in worker_registry.names()}


TARGETS = script_targets()


@pytest.mark.parametrize("name", TARGETS)
def test_a_worker_holds_only_its_own_job(name: str, modules_of: Callable[..., set[str]]) -> None:
    if name == "sniff" and os.geteuid() != 0:
        pytest.skip("only root may listen on an interface here")
    loaded = modules_of(name, TARGETS[name], database=name in WITH_DATABASE)
    assert not loaded & (NEVER - UNLESS_IT_IS_THE_FACE.get(name, set()))
    for module, allowed in ONLY_IN.items():
        assert module not in loaded or name in allowed, f"{name} holds {module}"
    if name == "api":
        return  # its routes call the functions of the command, in which parts of other workers are
    others = {other for other in worker_registry.names() if other != name}
    folders = {f"{root}.{other.replace('-', '_')}" for root in ("decnet_workers", "decnet_web") for other in others}
    assert not {module for module in loaded if ".".join(module.split(".")[:2]) in folders}
    loaded_domains = {m.split(".")[1] for m in loaded if m.startswith("decnet_models.") and m.endswith(".tables")}
    assert loaded_domains <= domains_of(name)


LOOK = """
import sys
from decnet_core.runtime import worker_registry
from decnet_core.supervise.fork.group_lookup import groups_of
found = groups_of(worker_registry.names())
print(found["bus"], found["collect"], found["ingest"], *(set(sys.modules) & set(sys.argv[1:])))
"""


def test_who_asks_for_groups_does_not_hold_their_workers() -> None:
    heavy = [*NEVER, *ONLY_IN, "decnet_sniff", "decnet_swarm", "decnet_workers", "decnet_decoys"]
    done = subprocess.run([sys.executable, "-c", LOOK, *heavy], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["bus", "sensor", "herd"]


def test_a_worker_that_ends_the_process_that_imports_it_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "named", lambda _name: os._exit(3))
    with pytest.raises(StartupError, match="ended a process with exit code 3"):
        groups_of(["any"])


def test_what_a_supervisor_and_its_workers_share_holds_nothing_that_only_the_start_needs() -> None:
    code = (
        "import sys; from decnet_core.supervise import command; from decnet_core.supervise.preload import before_fork\n"
        "from decnet_core.runtime import worker_registry; command.parser().parse_args(['all'])\n"
        "for place in worker_registry.first_zygotes(['bus', 'canary', 'collect', 'decoys']): before_fork.load(place)\n"
        "from decnet_decoys.services import service_registry; assert service_registry.usable()\n"
        "print(*{'importlib.metadata', 'zipfile', 'email', 'zoneinfo'} & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
