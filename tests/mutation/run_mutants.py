# SPDX-License-Identifier: MIT
"""Mutation testing of the modules in which a bug loses or doubles evidence: `nox -s mutants [-- PART...]`.

Each one-token mutant that cosmic-ray's operators make is put in the place of its module, in a copy of the checkout, and
the tests named beside the module run against it. A mutant that no test notices has survived. `modules.toml` lists the
survivors that mean the same as the original, each with its reason; what is listed and does not survive is an error, so
the list only shrinks. Exits with 1 when less than `REQUIRED` of the others were caught.

cosmic-ray's own runner starts an interpreter for every mutant. Here each is a fork of one process that has the test
tools loaded and the project not, which halves the time, and as many run at once as there are processors. Hypothesis
draws the same examples in every run, so that a mutant is not caught on one day and survives on another, and does not
shrink what fails.
"""

from __future__ import annotations

import compileall
import difflib
import gc
import importlib
import itertools
import math
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
import tomllib
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import _pytest.config
import cosmic_ray.plugins
import hypothesis
from cosmic_ray.mutating import mutate_code

ROOT = Path(__file__).parent.parent.parent
LIST = Path(__file__).parent / "modules.toml"
REQUIRED = 0.95
SECONDS = 120
"""A mutant whose tests take longer is caught: it made something wait for ever."""
LEAST_PROCESSOR_SECONDS = 5
PROCESSOR_FACTOR = 4
"""A mutant may also run in a circle: so many times what the tests use of the processor without one, at least 5 s."""
MOST_PROCESSOR_SECONDS = 120
MEMORY_BYTES = 4 << 30
"""What a mutant's tests may use of addresses: in a circle it may collect things."""

OPERATORS = (
    *(
        f"core/ReplaceComparisonOperator_{pair}"
        for pair in (
            "Lt_LtE", "Lt_GtE", "LtE_Lt", "LtE_Gt", "Gt_GtE", "Gt_LtE", "GtE_Gt", "GtE_Lt",
            "Eq_NotEq", "NotEq_Eq", "Is_IsNot", "IsNot_Is",
        )
    ),
    *(
        f"core/ReplaceBinaryOperator_{pair}"
        for pair in ("Add_Sub", "Sub_Add", "Mul_Add", "Div_Mul", "FloorDiv_Mul", "Mod_Add", "RShift_LShift")
    ),
    "core/ReplaceTrueWithFalse",
    "core/ReplaceFalseWithTrue",
    "core/ReplaceAndWithOr",
    "core/ReplaceOrWithAnd",
    "core/AddNot",
    "core/ReplaceUnaryOperator_Delete_Not",
    "core/ReplaceBreakWithContinue",
    "core/ReplaceContinueWithBreak",
    "core/NumberReplacer",
    "core/ExceptionReplacer",
    "core/ZeroIterationForLoop",
)  # fmt: skip


TOOLS = (
    *(f"_pytest.{name}" for name in _pytest.config.default_plugins),
    *("asyncio", "sqlite3", "ssl", "pytest_asyncio.plugin", "xdist.plugin", "pytest_timeout"),
    *("alembic.command", "mako.template", "msgspec", "psycopg", "typer"),
    *("sqlalchemy.dialects.postgresql.psycopg", "sqlalchemy.dialects.sqlite.pysqlite", "sqlalchemy.orm"),
)
"""What most tests import and most of their start-up goes into."""


class Mutant(NamedTuple):
    """One changed token; `change` is "line => changed line" without indentation, how `modules.toml` names it.

    Line 0 is the module without a change.
    """

    module: Path
    line: int
    change: str
    source: str


def mutants_of(module: Path) -> Iterator[Mutant]:
    """Yield every mutant of a module, each changed line once."""
    source = module.read_text()
    seen = set()
    for name in OPERATORS:
        operator = cosmic_ray.plugins.get_operator(name)()
        for occurrence in itertools.count():
            try:
                mutated = mutate_code(source, operator, occurrence)
            except AttributeError:  # its ExceptionReplacer cannot rename a dotted name in a tuple
                continue
            if mutated is None:
                break
            if not _is_python(mutated):
                continue
            line, change = _difference(source, mutated)
            if (line, change) not in seen and "frozen=False" not in change:  # mypy refuses what that would let pass
                seen.add((line, change))
                yield Mutant(module, line, change, mutated)


def _is_python(source: str) -> bool:
    """Return whether it can be compiled: cosmic-ray also takes the star before keyword arguments for a product."""
    try:
        compile(source, "mutant", "exec")
    except SyntaxError:
        return False
    return True


def _difference(source: str, mutated: str) -> tuple[int, str]:
    """Return the number of the first changed line, and the change as one line of text."""
    before, after = source.splitlines(), mutated.splitlines()
    for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag != "equal":
            was, now = (" ".join(" ".join(line.split()) for line in part) for part in (before[i1:i2], after[j1:j2]))
            return i1 + 1, f"{was} => {now}"
    return 0, "unchanged"


def make_copy(place: Path) -> Path:
    """Copy what the tests need of the checkout to `place`."""
    place.mkdir(parents=True)
    for name in ("packages", "tests", "pyproject.toml", "docs", "benchmarks"):
        source = ROOT / name
        if source.is_dir():
            left_out = shutil.ignore_patterns("__pycache__", "mutation", "node_modules")
            shutil.copytree(source, place / name, ignore=left_out)
        else:
            shutil.copy2(source, place / name)
    compileall.compile_dir(place / "packages", quiet=2)  # a mutant's source is newer than that, so it is compiled
    return place


class Run(NamedTuple):
    """A process that runs tests in a copy."""

    child: int
    copy: Path
    mutant: Mutant
    deadline: float
    original: bytes
    modified_ns: int


class Result(NamedTuple):
    """How a run ended: pytest's exit code, negative for a signal, and what it used of the processor."""

    code: int
    processor_seconds: float


def start(copy: Path, mutant: Mutant, tests: list[str], processor_seconds: int) -> Run:
    """Put the mutant into the copy and fork a process that runs the tests there."""
    module = copy / mutant.module.relative_to(ROOT)
    original, modified_ns = module.read_bytes(), module.stat().st_mtime_ns
    if mutant.line:  # else it is as it was, and so is what was compiled of it
        module.write_text(mutant.source)
    child = os.fork()
    if not child:
        _be_pytest(copy, tests, processor_seconds, mutated=bool(mutant.line))
    return Run(child, copy, mutant, time.monotonic() + SECONDS, original, modified_ns)


def result(run: Run) -> Result | None:
    """Return how the run ended, None while it has not; one that takes too long is killed."""
    found, status, used = os.wait4(run.child, os.WNOHANG)
    if not found and time.monotonic() > run.deadline:
        os.killpg(run.child, signal.SIGKILL)
        found, status, used = os.wait4(run.child, 0)
    if not found:
        return None
    module = run.copy / run.mutant.module.relative_to(ROOT)
    module.write_bytes(run.original)
    os.utime(module, ns=(run.modified_ns, run.modified_ns))  # as old as what was compiled of it
    return Result(os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime)


def _be_pytest(copy: Path, tests: list[str], processor_seconds: int, *, mutated: bool) -> None:
    os.setsid()
    os.chdir(copy)
    resource.setrlimit(resource.RLIMIT_CPU, (processor_seconds, processor_seconds))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    quiet = os.open(os.environ.get("MUTANTS_OUTPUT", os.devnull), os.O_RDWR | os.O_CREAT | os.O_APPEND)
    for descriptor in range(3):
        os.dup2(quiet, descriptor)
    sources = [str(path) for path in sorted(copy.glob("packages/*/src"))]
    sys.path[:0] = sources
    os.environ.update(PYTHONPATH=os.pathsep.join(sources), PYTHONDONTWRITEBYTECODE="1", TMPDIR=str(copy.parent))
    sys.dont_write_bytecode = mutated  # the run without a mutant leaves the rewritten tests to the others
    import pytest

    code: int = 70
    try:
        code = pytest.main(
            [
                "-x",
                "-q",
                "-p",
                "no:cacheprovider",
                f"--basetemp={copy.parent / 'tests'}",  # of its own: many that start at once find no free number
                "--hypothesis-profile=mutants",
                "-W",
                "ignore::pytest.PytestAssertRewriteWarning",
                "-m",
                "not torture and not oracle and not systemd",
                *tests,
            ]
        )
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(code)


def run_all(
    mutants: list[Mutant], tests: list[str], copies: list[Path], processor_seconds: int
) -> Iterator[tuple[Mutant, Result]]:
    """Yield how the tests of each mutant ended, one process a copy at a time."""
    waiting, free, running = list(reversed(mutants)), list(copies), list[Run]()
    while waiting or running:
        while waiting and free:
            running.append(start(free.pop(), waiting.pop(), tests, processor_seconds))
        for run in list(running):
            ended = result(run)
            if ended is not None:
                running.remove(run)
                free.append(run.copy)
                yield run.mutant, ended
        time.sleep(0.02)  # the ends of children are all there is to wait for


def survivors(mutants: list[Mutant], tests: list[str], copies: list[Path], processor_seconds: int) -> list[Mutant]:
    """Return the mutants with which the tests passed."""
    ended = run_all(mutants, tests, copies, processor_seconds)
    return sorted((mutant for mutant, found in ended if found.code == 0), key=lambda mutant: mutant.line)


def _load_tools() -> None:
    """Import what every test run needs of others, none of it of this project, so that forks need not."""
    for name in TOOLS:
        importlib.import_module(name)
    hypothesis.settings.register_profile(
        "mutants",
        deadline=None,
        derandomize=True,
        phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate),
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    gc.freeze()


def main() -> int:
    """Run the parts named on the command line, or all; print what survived, and the share that was caught."""
    wanted = tomllib.loads(LIST.read_text())
    parts = sys.argv[1:] or sorted({entry["part"] for entry in wanted["module"]})
    modules = [entry for entry in wanted["module"] if entry["part"] in parts]
    if not modules:
        print(f"no such part; there are: {', '.join(sorted({entry['part'] for entry in wanted['module']}))}")
        return 2
    _load_tools()
    caught = made = wrong = 0
    with tempfile.TemporaryDirectory(prefix="mutants-") as place:
        copies = [make_copy(Path(place) / "0" / "checkout")]
        for number in range(1, os.cpu_count() or 1):
            copies.append(shutil.copytree(copies[0], Path(place) / str(number) / "checkout"))
        for entry in modules:
            began, tests = time.monotonic(), entry["tests"]
            same = {each["change"]: each["why"] for each in entry.get("same", ())}
            original = Mutant(ROOT / entry["path"], 0, "unchanged", (ROOT / entry["path"]).read_text())
            unchanged = [each for _, each in run_all([original] * len(copies), tests, copies, MOST_PROCESSOR_SECONDS)]
            if any(each.code for each in unchanged):
                print(f"{entry['path']}: its tests fail without a mutant: pytest {' '.join(tests)}")
                return 2
            mutants = list(mutants_of(ROOT / entry["path"]))
            used = max(each.processor_seconds for each in unchanged)
            seconds = max(LEAST_PROCESSOR_SECONDS, math.ceil(PROCESSOR_FACTOR * used))
            alive = survivors(mutants, tests, copies, seconds)
            left = [mutant for mutant in alive if mutant.change not in same]
            stale = set(same) - {mutant.change for mutant in alive}
            counted = len(mutants) - (len(alive) - len(left))
            made, caught, wrong = made + counted, caught + counted - len(left), wrong + len(stale)
            print(
                f"{entry['path']}: {counted - len(left)} of {counted} caught, "
                f"{len(alive) - len(left)} the same as the original, {time.monotonic() - began:.0f} s",
                flush=True,
            )
            for mutant in left:
                print(f"  survived {entry['path']}:{mutant.line}: {mutant.change}")
            for change in sorted(stale):
                print(f"  listed as the same, but it is caught or gone: {change}")
    share = caught / made if made else 0.0
    print(f"{caught} of {made} mutants caught: {share:.1%} (required: {REQUIRED:.0%})")
    return int(share < REQUIRED or wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
