# SPDX-License-Identifier: MIT
"""Makes a wheelhouse: our wheels, those of the third parties in uv.lock, and what to install, each with its hashes.

`fleet.txt`, `sensor.txt` and `extras.txt` are requirement files for `pip install --no-index --require-hashes`: nothing
of them can come from a public index, where the names of our distributions belong to others. The wheels are for the
platform and the Python that run this program. pip is among them, for hosts whose Python has no ensurepip.

Run by `make wheels`; imports nothing that a bare Python does not have.
"""

import argparse
import hashlib
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[3]
LISTS = {
    "fleet": ("decnet", "decnet-web"),
    "sensor": ("decnet-decoys", "decnet-sniff", "decnet-swarm"),
    "extras": ("decnet-models", "decnet-sniff"),
}
"""Of each list the distributions that it installs, with all that they depend on; `extras` with their extras, too.

The extra of decnet-core is not there: nkeys has no wheel.
"""
INSTALLER = "installer"


def main() -> int:
    """Fill the folder that is named; return the exit code."""
    parser = argparse.ArgumentParser(description="Make a wheelhouse for this platform.")
    parser.add_argument("folder", type=Path, help="where to; wheels that are there are removed")
    parser.add_argument("--uv", default="uv", help="the program uv")
    asked = parser.parse_args()
    try:
        fill(asked.folder, str(Path(asked.uv).absolute()) if "/" in asked.uv else asked.uv)
    except subprocess.CalledProcessError as error:
        sys.stderr.write(f"wheelhouse: {error.cmd[0]} ended with {error.returncode}\n")
        return 1
    return 0


def fill(folder: Path, uv: str) -> None:
    """Build and fetch the wheels, then write the lists; raises CalledProcessError."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in (*folder.glob("*.whl"), *folder.glob("*.txt")):
        old.unlink()
    _tell("building our wheels")
    constraints = str(ROOT / ".ci" / "build-constraints.txt")
    _run(
        uv, "build", "--quiet", "--all-packages", "--wheel", "--out-dir", str(folder.absolute()),
        "--build-constraints", constraints,
    )  # fmt: skip
    ours = sorted(folder.glob("*.whl"))
    exported = {name: _export(uv, *_choice(name)) for name in LISTS}
    exported[INSTALLER] = _export(uv, "--only-group", "wheelhouse")
    _tell("fetching the wheels of third parties")
    _fetch(folder, exported)
    _tell("noting their hashes")
    for name, theirs in exported.items():
        text = theirs if name == INSTALLER else theirs + "".join(_locked(ours, _closure(name)))
        (folder / f"{name}.txt").write_text(text, encoding="ascii")
    _tell(f"{folder}: {len(list(folder.glob('*.whl')))} wheels")


def _choice(name: str) -> Iterable[str]:
    for distribution in LISTS[name]:
        yield from ("--package", distribution)
    yield "--no-default-groups"
    if name == "extras":
        yield "--all-extras"


def _export(uv: str, *choice: str) -> str:
    """Return the locked third parties that are chosen, with the hashes of uv.lock."""
    return _run(
        uv, "export", "--quiet", "--frozen", "--no-emit-workspace",
        "--no-annotate", "--no-header", *choice,
    )  # fmt: skip


def _fetch(folder: Path, exported: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory(prefix="decnet-wheelhouse-") as place:
        environment = Path(place) / "venv"
        venv.create(environment, with_pip=True)
        for name, text in exported.items():
            wanted = Path(place) / f"{name}.txt"
            wanted.write_text(text, encoding="ascii")
            _run(
                str(environment / "bin" / "python"), "-m", "pip", "download", "--quiet", "--disable-pip-version-check",
                "--no-deps", "--require-hashes", "--only-binary", ":all:", "--dest", str(folder), "-r", str(wanted),
            )  # fmt: skip


def _closure(name: str) -> set[str]:
    """Return our distributions that a list needs."""
    import tomllib

    found: set[str] = set()
    waiting = [*LISTS[name]]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            project = tomllib.loads((ROOT / "packages" / one / "pyproject.toml").read_text())["project"]
            siblings = [need.partition("==")[0] for need in project["dependencies"] if need.startswith("decnet")]
            waiting += [need.partition("[")[0] for need in siblings]
    return found


def _locked(wheels: Sequence[Path], names: set[str]) -> Iterable[str]:
    """Yield a requirement with its hash for each of our wheels that is named."""
    for wheel in wheels:
        name, version = wheel.name.split("-")[:2]
        if (name := name.replace("_", "-")) in names:
            yield f"{name}=={version} --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"


def _run(*command: str) -> str:
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def _tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
