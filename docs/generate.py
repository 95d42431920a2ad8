# SPDX-License-Identifier: MIT
"""Gathers the pages of the site, as mkdocs.yml names them: those written by hand, and the reference from the code.

python docs/generate.py [DIRECTORY]    (default: site/pages)
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

from api_page import api_page

from decnet.manual.reference import pages

ROOT = Path(__file__).parent.parent
BESIDE = {
    "README.md": "index.md",
    "ARCHITECTURE.md": "architecture.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "LICENSE": "licence.md",
    **{f"packages/{path.name}/README.md": f"packages/{path.name}.md" for path in (ROOT / "packages").iterdir()},
}
"""Pages that are not in docs/, and where the site has them."""

_LINK = re.compile(r"(!?\[[^\]]*\]\()([^)#:\s]+)(#[^)]*)?\)")


def main() -> None:
    """Write the pages; `mkdocs build --strict` then finds every link that leads nowhere."""
    target = Path(sys.argv[1] if len(sys.argv) > 1 else "site/pages")
    shutil.rmtree(target, ignore_errors=True)
    for source in sorted((ROOT / "docs").rglob("*")):
        if source.suffix in (".md", ".svg", ".png", ".css"):
            place(source, target / source.relative_to(ROOT / "docs"), target)
    for name, there in BESIDE.items():
        if (ROOT / name).is_file():
            place(ROOT / name, target / there, target)
    for path in pages.write(target / "reference"):
        print(path)  # the command's output
    (target / "reference" / "api.md").write_text("".join(api_page()), encoding="utf-8")


def place(source: Path, there: Path, target: Path) -> None:
    """Copy a page, with its links to where the site has what they lead to."""
    there.parent.mkdir(parents=True, exist_ok=True)
    if source.suffix in (".svg", ".png", ".css"):
        shutil.copy(source, there)
        return

    def moved(link: re.Match[str]) -> str:
        before, path, part = link.groups()
        wanted = on_site(((source.parent / path).resolve()), target)
        if wanted is None:
            return link[0]
        return f"{before}{os.path.relpath(wanted, there.parent)}{part or ''})"

    there.write_text(_LINK.sub(moved, source.read_text(encoding="utf-8")), encoding="utf-8")


def on_site(path: Path, target: Path) -> Path | None:
    """Return where the site has what is at `path` of the repository; None if it has not."""
    name = path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else ""
    if name in BESIDE:
        return target / BESIDE[name]
    return target / path.relative_to(ROOT / "docs") if name.startswith("docs/") else None


if __name__ == "__main__":
    main()
