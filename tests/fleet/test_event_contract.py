# SPDX-License-Identifier: MIT
"""Law 5, read from the sources: every kind, notice and subject has one who writes it and one who reads it."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from decnet_core.bus import subjects
from decnet_core.events.catalogue import KINDS, Payload, kind_of
from decnet_core.events.notices import NOTICES, Notice, TestNotice
from decnet_core.runtime import worker_registry
from decnet_core.runtime.worker import Worker

ROOT = Path(__file__).parents[2]
WORKERS: dict[str, type[Worker[Any]]] = {name: worker_registry.load(name) for name in worker_registry.names()}


def folder_of(name: str) -> Path:
    """The worker's own folder: the one its `worker.py` lies in."""
    module = WORKERS[name].__module__.split(".")
    return next((ROOT / "packages").glob("*/src/" + "/".join(module[:-1])))


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse(path.read_text())))


@cache
def constructed(folder: Path) -> set[str]:
    """Names that are called somewhere below `folder`."""
    calls = (node for path in folder.rglob("*.py") for node in nodes(path) if isinstance(node, ast.Call))
    return {call.func.id for call in calls if isinstance(call.func, ast.Name)}


def mentioned(folder: Path) -> set[str]:
    """Names that are used below `folder` for more than to be imported or listed in a class attribute."""
    found: set[str] = set()
    for path in folder.rglob("*.py"):
        listed = {
            id(name)
            for node in nodes(path)
            if isinstance(node, ast.Assign | ast.AnnAssign) and _target(node) in {"produces", "consumes", "notices"}
            for name in ast.walk(node)
        }
        found |= {n.id for n in nodes(path) if isinstance(n, ast.Name) and id(n) not in listed}
    return found


def _target(node: ast.Assign | ast.AnnAssign) -> str:
    target = node.targets[0] if isinstance(node, ast.Assign) else node.target
    return target.id if isinstance(target, ast.Name) else ""


@pytest.mark.parametrize("payload", KINDS.values(), ids=KINDS)
def test_each_kind_has_a_producer_that_makes_it(payload: type[Payload]) -> None:
    producers = [name for name, worker in WORKERS.items() if payload in worker.produces]
    assert producers, f"no worker produces {kind_of(payload)}"
    for name in producers:
        assert payload.__name__ in constructed(folder_of(name)), f"{name} declares {kind_of(payload)}, never makes it"


@pytest.mark.parametrize("payload", KINDS.values(), ids=KINDS)
def test_each_kind_has_a_consumer(payload: type[Payload]) -> None:
    assert [name for name, worker in WORKERS.items() if payload in worker.consumes], f"nobody reads {kind_of(payload)}"


@pytest.mark.parametrize("name", WORKERS)
def test_what_a_worker_declares_to_read_it_reads(name: str) -> None:
    """But for one that declares all kinds, or all that are an attacker's: it reads by fields and class variables."""
    consumes = set(WORKERS[name].consumes)
    if consumes not in (set(KINDS.values()), {kind for kind in KINDS.values() if kind.from_attacker}):
        assert {payload.__name__ for payload in consumes} <= mentioned(folder_of(name))


def test_what_a_worker_makes_it_declares() -> None:
    for name, worker in WORKERS.items():
        declared = {payload.__name__ for payload in worker.produces}
        made = constructed(folder_of(name)) & {payload.__name__ for payload in KINDS.values()}
        if worker.produces:
            assert made <= declared, f"{name} makes {made - declared} without declaring it"


@pytest.mark.parametrize("notice", [n for n in NOTICES if n is not TestNotice], ids=lambda n: n.__name__)
def test_each_notice_has_a_worker_that_writes_it(notice: type[Notice]) -> None:
    writers = [name for name, worker in WORKERS.items() if notice in worker.notices]
    assert writers, f"no worker writes {notice.__name__}"
    for name in writers:
        assert notice.__name__ in constructed(folder_of(name))


def test_notices_are_made_only_by_those_who_declare_them() -> None:
    names = {notice.__name__ for notice in NOTICES} - {"TestNotice"}
    for name, worker in WORKERS.items():
        made = constructed(folder_of(name)) & names
        assert made <= {notice.__name__ for notice in worker.notices}


@cache
def product_nodes() -> dict[Path, tuple[ast.AST, ...]]:
    """Every node of every source file."""
    return {path: nodes(path) for path in sorted((ROOT / "packages").glob("*/src/**/*.py"))}


def test_nobody_spells_a_subject_by_hand() -> None:
    """Publishers and subscribers use `decnet_core.bus.subjects`; only the operator's `decnet bus` takes any text."""
    for path, found in product_nodes().items():
        for node in found:
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
                continue
            if node.func.attr in {"publish", "subscribe", "request"}:
                first = node.args[0]
                literal = isinstance(first, ast.Constant) and isinstance(first.value, str) and "." in first.value
                assert not literal, f"{path}:{node.lineno} names a subject by hand"


@pytest.mark.parametrize("subject", subjects.SUBJECTS, ids=lambda s: s.pattern)
def test_each_subject_is_used_outside_its_declaration(subject: subjects.Subject) -> None:
    name = next(key for key, value in vars(subjects).items() if value is subject)
    users = [
        path
        for path, found in product_nodes().items()
        if path.name != "subjects.py" and any(isinstance(n, ast.Name) and n.id == name for n in found)
    ]
    assert len(users) >= 1, f"{name} is declared and never used"


def test_only_one_place_creates_tasks() -> None:
    """One owner, one name, no lost task: `decnet_core.tasks`; those of a packet are owned by asyncssh's connection."""
    for path, found in product_nodes().items():
        if path.match("*/decnet_core/tasks.py") or path.match("*/ssh/behaviour/connection.py"):
            continue
        for node in found:
            if isinstance(node, ast.Attribute):
                assert node.attr != "create_task", f"{path}:{node.lineno} creates a task of its own"
