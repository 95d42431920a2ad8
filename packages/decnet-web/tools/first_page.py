# SPDX-License-Identifier: MIT
"""Measures what a browser loads before the first page shows, and fails when its scripts are larger than they may be."""

from __future__ import annotations

import gzip
import re
import sys
from pathlib import Path

STATIC = Path(__file__).parents[1] / "src" / "decnet_web" / "web" / "static"
MOST_SCRIPT = 350 * 1024
"""Bytes of all scripts together, compressed by gzip."""


def main() -> int:
    """Print the sizes; return 1 when there is too much."""
    names = first_page((STATIC / "index.html").read_text(encoding="utf-8"))
    sizes = {name: len(gzip.compress((STATIC / name).read_bytes(), 9)) for name in names}
    for name, size in sizes.items():
        sys.stdout.write(f"{size / 1024:8.1f} KiB  {name}\n")
    scripts = sum(size for name, size in sizes.items() if name.endswith(".js"))
    sys.stdout.write(f"{scripts / 1024:8.1f} KiB  scripts of the first page, of {MOST_SCRIPT // 1024} allowed\n")
    return int(scripts > MOST_SCRIPT)


def first_page(page: str) -> list[str]:
    """Return the files that the page and its scripts name for loading at once."""
    waiting = re.findall(r'(?:src|href)="/(assets/[^"]+)"', page)
    found: list[str] = []
    while waiting:
        name = waiting.pop(0)
        if name in found:
            continue
        found.append(name)
        if name.endswith(".js"):
            text = (STATIC / name).read_text(encoding="utf-8")
            waiting += [f"assets/{other}" for other in re.findall(r'(?:from|import)\s?"\./([^"]+\.js)"', text)]
    return found


if __name__ == "__main__":
    sys.exit(main())
