# SPDX-License-Identifier: MIT
"""An image of the real Cowrie, laid out as docker.io/cowrie/cowrie is: PyPI's Cowrie and this host's Python."""

from __future__ import annotations

import io
import re
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

from tests.decnet_sniff.collect.test_real_honeypots import COWRIE
from tests.decnet_sniff.oracles.oracle_programs import environment

CHANGES = (
    "USER 999:999",
    "WORKDIR /cowrie/cowrie-git",
    "VOLUME /cowrie/cowrie-git/var",
    "VOLUME /cowrie/cowrie-git/etc",
    'ENTRYPOINT ["/cowrie/cowrie-env/bin/python3"]',
)
SETTINGS = "[honeypot]\nhostname = shop\n[ssh]\nlisten_endpoints = tcp:2222:interface=0.0.0.0\n"


def write(archive: Path) -> None:
    """Write the image's root file system."""
    place = environment(COWRIE)
    python = (place / "bin" / "python").resolve()
    trees = (place, python.parents[1])
    with tarfile.open(archive, "w") as tar:
        tar.add(place, "cowrie/cowrie-env", filter=_wanted)
        tar.add(python.parents[1], str(python.parents[1])[1:], filter=_of_the_interpreter)
        for library in sorted({one for tree in trees for one in _libraries(tree, python)}):
            if not any(Path(library).is_relative_to(tree) for tree in trees):
                tar.add(Path(library).resolve(), library[1:])
        _file(tar, "cowrie/cowrie-git/etc/cowrie.cfg", SETTINGS)
        _file(tar, "etc/passwd", "cowrie:x:999:999::/cowrie:/bin/sh\n")
        for folder in ("cowrie/cowrie-git/var", "tmp"):
            _folder(tar, folder)


def _wanted(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    parts = Path(entry.name).parts
    skipped = {"__pycache__", "test", "tests", "idlelib", "tkinter", "ensurepip", "share", "include"}
    return None if skipped & set(parts) and "site-packages" not in parts else entry


def _of_the_interpreter(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """Leave out what is installed for it, which no virtual environment sees: on some machines gigabytes."""
    return None if "site-packages" in Path(entry.name).parts else _wanted(entry)


def _libraries(tree: Path, python: Path) -> Iterator[str]:
    """Yield what the dynamic linker loads for the programs below a folder."""
    below = (tree / "lib").glob("python3.*/lib-dynload") if python.is_relative_to(tree) else (tree,)
    files = [str(python), *(str(one) for place in below for one in place.rglob("*.so*") if one.is_file())]
    printed = subprocess.run(["ldd", *files], capture_output=True, text=True, check=False).stdout
    yield from re.findall(r"(?:=> |^\s+)(/\S+) \(0x", printed, re.MULTILINE)


def _file(tar: tarfile.TarFile, name: str, text: str) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(text), 0o644
    tar.addfile(entry, io.BytesIO(text.encode()))


def _folder(tar: tarfile.TarFile, name: str) -> None:
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode = tarfile.DIRTYPE, 0o777
    tar.addfile(entry)
