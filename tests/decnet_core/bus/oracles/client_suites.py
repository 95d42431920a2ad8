# SPDX-License-Identifier: MIT
"""Fetches the source distributions of the two Python clients and runs their own tests against our broker.

nats-py 2.14.0 and nats-core 0.1.0 are the newest whose source distributions have tests (2.15, 2.16 and 0.2.0 have
none). Both lack what starts a server; `nats_py_utils` and `nats_core_server` stand in for it.

The tests use fixed ports, so each suite runs in a network namespace of its own, as root. Of nats-py what is about
JetStream, nkeys, WebSockets and services is left out, of nats-core the programs of its examples, which are not in its
source distribution, and TLS: our broker has none of these.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree as ET

import msgspec

HERE = Path(__file__).parent
ROOT = HERE.parents[3]
NATS_PY = "nats-py==2.14.0 --hash=sha256:4ed02cb8e3b55c68074a063aa2687087115d805d1513297da90cb2068fb07bed"
NATS_CORE = "nats-core==0.1.0 --hash=sha256:091be9852adb4014df6f17cf535e93824b9aa5174a7a539b9946e0de2dab9f32"
_FETCH_SECONDS = 300
_SUITE_SECONDS = 600
_IN_NAMESPACE = ("unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh")


def interpreter(into: Path) -> str:
    """Return a Python that nats-core supports, with ours and its tests' needs: this one, or one made from uv.lock."""
    if sys.version_info >= (3, 13):
        return sys.executable
    uv = shutil.which("uv", path=os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])))
    assert uv, "uv is in the locked tools"
    environment = {**os.environ, "UV_PROJECT_ENVIRONMENT": str(into / "environment")}
    command = [uv, "sync", "--frozen", "--quiet", "--all-packages", "--python", "3.13"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, timeout=_FETCH_SECONDS)
    return str(into / "environment" / "bin" / "python")


class Outcome(msgspec.Struct, frozen=True):
    """What became of a suite: how many tests passed, the reasons of those skipped, the names of those that failed."""

    passed: int
    skipped: Counter[str]
    failed: frozenset[str]
    output: str


def fetch(into: Path, requirement: str) -> str:
    """Unpack a source distribution, checked by hash. It is not built, but pip asks its build back end for metadata.

    Return the interpreter that can run its tests.
    """
    python = interpreter(into)
    tools = into / "tools"
    subprocess.run([python, "-m", "venv", tools], check=True, timeout=_FETCH_SECONDS)
    pip = [str(tools / "bin" / "python"), "-m", "pip", "--quiet", "--disable-pip-version-check"]
    constraints = ROOT / ".ci" / "build-constraints.txt"
    subprocess.run([*pip, "install", "--require-hashes", "-r", constraints], check=True, timeout=_FETCH_SECONDS)
    (into / "requirements.txt").write_text(requirement)
    download = [*pip, "download", "--require-hashes", "--no-deps", "--no-binary", ":all:", "--no-build-isolation"]
    wanted = ["--dest", str(into), "-r", str(into / "requirements.txt")]
    subprocess.run([*download, *wanted], check=True, timeout=_FETCH_SECONDS)
    for archive in into.glob("*.tar.gz"):
        with tarfile.open(archive) as opened:
            opened.extractall(into, filter="data")
    return python


def nats_py(python: str, sources: Path) -> Outcome:
    """Run nats-py's tests of core NATS."""
    suite = next(sources.glob("nats_py-*/"))
    shutil.copy(HERE / "nats_py_utils.py", suite / "tests" / "utils.py")
    (suite / "tests" / "__init__.py").touch()
    files = ("client", "client_v2", "client_async_await", "parser", "nuid")
    return _run(python, suite, [suite, suite / "src"], [f"tests/test_{name}.py" for name in files])


def nats_core(python: str, sources: Path) -> Outcome:
    """Run nats-core's tests; its package stands alone, for it shares its name with nats-py's."""
    suite = next(sources.glob("nats_core-*/"))
    package = suite / "alone" / "nats"
    shutil.copytree(suite / "src" / "nats" / "client", package / "client")
    shutil.copy(HERE / "nats_core_server.py", package / "server.py")
    (package / "__init__.py").touch()
    (suite / "tests" / "jwts").mkdir()
    for name in ("foo-user.jwt", "foo-user.nk"):  # read when tests are collected; those that use them are skipped
        (suite / "tests" / "jwts" / name).touch()
    files = ("client", "subscription", "message", "protocol", "connection")
    plugin = ["-p", "nats_core_fixtures"]
    tests = [*plugin, *(f"tests/test_{name}.py" for name in files)]
    return _run(python, suite, [suite / "alone"], tests)


def _run(python: str, suite: Path, path: list[Path], tests: list[str]) -> Outcome:
    report = suite / "report.xml"
    options = ["-q", "-c", os.devnull, f"--rootdir={suite}", "-o", "asyncio_mode=auto", "-p", "no:cacheprovider"]
    options += ["-o", "pythonpath=", "--timeout=60", f"--junitxml={report}", "-W", "ignore"]
    done = subprocess.run(
        [*_IN_NAMESPACE, python, "-m", "pytest", *options, *tests],
        cwd=suite,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, [*path, HERE]))},
        timeout=_SUITE_SECONDS,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return _outcome(report, done.stdout)


def _outcome(report: Path, output: str) -> Outcome:
    if not report.exists():
        raise AssertionError(output)
    passed, skipped, failed = 0, Counter[str](), set[str]()
    for case in ET.parse(report).iter("testcase"):
        name = f"{case.get('classname', '').removeprefix('tests.')}::{case.get('name')}"
        if case.find("failure") is not None or case.find("error") is not None:
            failed.add(name)
        elif (skip := case.find("skipped")) is not None:
            skipped[skip.get("message", "")] += 1
        else:
            passed += 1
    return Outcome(passed, skipped, frozenset(failed), output)
