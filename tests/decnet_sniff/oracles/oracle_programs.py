# SPDX-License-Identifier: MIT
"""Programs from PyPI in environments of their own, so that their dependencies are not ours."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path


def environment(*requirements: str) -> Path:
    """A virtual environment with `requirements`; made once, and again only when they change."""
    name = "_".join(requirements).replace("==", "-").replace("/", "-")
    place = Path(tempfile.gettempdir()) / f"decnet-oracle-{os.getuid()}" / name
    if not (place / "installed").exists():
        python = str(place / "bin" / "python")
        uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
        if uv:
            subprocess.run([uv, "venv", "-q", "--clear", "--python", sys.executable, str(place)], check=True)
            subprocess.run([uv, "pip", "install", "-q", "--python", python, *requirements], check=True)
        else:
            subprocess.run([sys.executable, "-m", "venv", "--clear", str(place)], check=True)
            subprocess.run([python, "-m", "pip", "install", "-q", *requirements], check=True)
        (place / "installed").touch()
    return place
