# SPDX-License-Identifier: MIT
"""Law 5, read from the sources: every kind, notice and subject has one who writes it and one who reads it."""

from __future__ import annotations

import ast
import re
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


SENDING = {"publish", "subscribe", "request"}
_DECLARED = {one.__name__ for one in (*KINDS.values(), *NOTICES)}
_DECLARED |= {name for name, value in vars(subjects).items() if isinstance(value, subjects.Subject)}
ASKED = re.compile(rf"\b(?:{'|'.join(sorted(_DECLARED))})\b|\.\s*(?:{'|'.join(sorted(SENDING))}|create_task)\b")
"""What the tests ask of a source; where nothing of it stands, which is in most of them, there is nothing to parse."""


class Source:
    """What the tests ask of one source file, found in one walk."""

    def __init__(self, path: Path) -> None:
        self.called: set[str] = set()
        """Names that are called."""
        self.names: set[str] = set()
        self.mentioned: set[str] = set()
        """Names that are used for more than to be imported or listed in a class attribute."""
        self.by_hand: list[int] = []
        """Lines that name a subject in a literal."""
        self.creates_task: list[int] = []
        listed: set[int] = set()
        names: list[ast.Name] = []
        text = path.read_text()
        if not ASKED.search(text):
            return
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Name):
                names.append(node)
            elif isinstance(node, ast.Call):
                self._call(node)
            elif isinstance(node, ast.Attribute):
                self.creates_task += [node.lineno] if node.attr == "create_task" else []
            elif isinstance(node, ast.Assign | ast.AnnAssign) and _target(node) in {"produces", "consumes", "notices"}:
                listed |= {id(name) for name in ast.walk(node)}
        self.names = {node.id for node in names}
        self.mentioned = {node.id for node in names if id(node) not in listed}

    def _call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Name):
            self.called.add(node.func.id)
        elif isinstance(node.func, ast.Attribute) and node.args and node.func.attr in SENDING:
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str) and "." in first.value:
                self.by_hand.append(node.lineno)


source = cache(Source)


@cache
def constructed(folder: Path) -> set[str]:
    """Names that are called somewhere below `folder`."""
    return set().union(*(source(path).called for path in folder.rglob("*.py")))


@cache
def mentioned(folder: Path) -> set[str]:
    return set().union(*(source(path).mentioned for path in folder.rglob("*.py")))


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
def product() -> dict[Path, Source]:
    """Every source file."""
    return {path: source(path) for path in sorted((ROOT / "packages").glob("*/src/**/*.py"))}


def test_nobody_spells_a_subject_by_hand() -> None:
    """Publishers and subscribers use `decnet_core.bus.subjects`; only the operator's `decnet bus` takes any text."""
    assert {path: found.by_hand for path, found in product().items() if found.by_hand} == {}


@pytest.mark.parametrize("subject", subjects.SUBJECTS, ids=lambda s: s.pattern)
def test_each_subject_is_used_outside_its_declaration(subject: subjects.Subject) -> None:
    name = next(key for key, value in vars(subjects).items() if value is subject)
    users = [path for path, found in product().items() if path.name != "subjects.py" and name in found.names]
    assert len(users) >= 1, f"{name} is declared and never used"


def test_only_one_place_creates_tasks() -> None:
    """One owner, one name, no lost task: `decnet_core.tasks`; those of a packet are owned by asyncssh's connection."""
    creating = {path for path, found in product().items() if found.creates_task}
    assert all(path.match("*/decnet_core/tasks.py") or path.match("*/ssh/behaviour/connection.py") for path in creating)
