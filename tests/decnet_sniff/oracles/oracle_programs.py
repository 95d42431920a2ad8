# SPDX-License-Identifier: MIT
"""Programs from PyPI in environments of their own, so that their dependencies are not ours."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path


def environment(*requirements: str) -> Path:
    """A virtual environment with `requirements`, readable for everyone; made once, and again only when they change."""
    name = "_".join(requirements).replace("==", "-").replace("/", "-")
    place = Path(tempfile.gettempdir()) / f"decnet-oracle-{os.getuid()}" / name
    place.parent.mkdir(exist_ok=True)
    with place.with_name(f"{name}.lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another process may just make it
        if not (place / "installed").exists():
            _make(place, requirements)
    return place


def _make(place: Path, requirements: tuple[str, ...]) -> None:
    python = str(place / "bin" / "python")
    beside = f"{Path(sys.executable).parent}:{Path.cwd() / '.uv' / 'bin'}"
    uv = shutil.which("uv") or shutil.which("uv", path=beside)
    if uv:
        subprocess.run([uv, "venv", "-q", "--clear", "--python", sys.executable, str(place)], check=True)
        subprocess.run([uv, "pip", "install", "-q", "--python", python, *requirements], check=True)
    else:
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(place)], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", *requirements], check=True)
    (place / "installed").touch()
