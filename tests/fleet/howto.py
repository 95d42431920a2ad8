# SPDX-License-Identifier: MIT
"""The how-to pages as tests follow them: their fenced blocks in order, and the workspace in which they are followed.

The workspace is a copy of this one in a folder of its own, found before the installed one by the programs that are
started in it: its entry points and console scripts are those that its `pyproject.toml` files name now.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[2]
NOT_COPIED = [".git", *re.findall(r"^([^#/\n]+)/?$", (ROOT / ".gitignore").read_text(), re.MULTILINE)]
"""What is in a checkout beside what git has: `.nox` alone is thirty environments after the sessions of `.ci/run`."""

_BLOCK = re.compile(
    r"^(?:`(?P<file>[\w./-]+)`:\n\n)?```(?P<language>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)


class Block(NamedTuple):
    """A fenced block; `file` is the path in backquotes, with a colon, on the line above."""

    language: str
    text: str
    file: str | None


def blocks(page: str) -> list[Block]:
    """Return the blocks of `docs/howto/{page}.md`."""
    text = (ROOT / "docs" / "howto" / f"{page}.md").read_text()
    return [Block(found["language"], found["text"], found["file"]) for found in _BLOCK.finditer(text)]


def commands(page: str) -> list[str]:
    """Return the shell blocks of a page."""
    return [block.text for block in blocks(page) if block.language == "sh"]


def patched(text: str, diff: str) -> str:
    """Return `text` with the lines that `diff` adds, each after the line that stands above it there."""
    above = ""
    for line in filter(None, diff.splitlines()):
        if line.startswith("+"):
            assert f"{above}\n" in text
            text = text.replace(f"{above}\n", f"{above}\n{line[1:]}\n", 1)
        above = line[1:]
    return text


class Workspace:
    """A copy of the workspace in `root`, with a state directory and settings of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        shutil.copytree(ROOT, root, ignore=shutil.ignore_patterns(*NOT_COPIED))
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("DECNET_")},
            "PATH": os.pathsep.join((str(root / "bin"), str(Path(sys.executable).parent), os.environ["PATH"])),
            "PYTHONDONTWRITEBYTECODE": "",  # or each process compiles the copy anew
            "DECNET_STATE_DIR": str(root / "state"),
        }
        self.install()

    def write(self, page: str) -> list[str]:
        """Write the files of a page; return the paths of those that are new."""
        new: list[str] = []
        for block in blocks(page):
            if block.file is not None:
                file = self.root / block.file
                new += [] if file.exists() else [block.file]
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(patched(file.read_text(), block.text) if block.language == "diff" else block.text)
        self.install()
        return new

    def install(self) -> None:
        """Register entry points and console scripts, as `uv sync` does, but without an index."""
        (self.root / "bin").mkdir(exist_ok=True)
        beside = [file.parent for file in self.root.glob("*/pyproject.toml")]
        path = (self.root / "installed", *self.root.glob("packages/*/src"), *beside)
        self.environment["PYTHONPATH"] = os.pathsep.join(map(str, path))
        for folder in (*self.root.glob("packages/*"), *beside):
            project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
            info = self.root / "installed" / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
            info.mkdir(parents=True, exist_ok=True)
            (info / "METADATA").write_text(
                f"Metadata-Version: 2.4\nName: {project['name']}\nVersion: {project['version']}\n"
            )
            scripts = project.get("scripts", {})
            groups = {"console_scripts": scripts, **project.get("entry-points", {})}
            lines = [
                f"[{group}]\n" + "".join(f"{k} = {v}\n" for k, v in each.items()) for group, each in groups.items()
            ]
            (info / "entry_points.txt").write_text("\n".join(lines))
            for name, target in scripts.items():
                self._script(name, target)

    def run(self, command: str) -> str:
        """Run a shell block in the workspace and return what it printed; it must succeed."""
        done = subprocess.run(self.shell(command), **self.options(), timeout=300, check=False)
        assert done.returncode == 0, done.stdout
        return str(done.stdout)

    def wait_for_output(self, command: str, wanted: str, seconds: float = 120) -> str:
        """Run a shell block again and again until it prints a match of the pattern `wanted`; return what it printed."""
        deadline = time.monotonic() + seconds
        while True:
            done = subprocess.run(self.shell(command), **self.options(), timeout=60, check=False)
            if re.search(wanted, done.stdout):
                return str(done.stdout)
            assert time.monotonic() < deadline, done.stdout

    @contextmanager
    def fleet(self, command: str) -> Iterator[None]:
        """Run the shell block, which is `decnet up`, in the background, from when every worker is ready."""
        ready, log = self.root / "fleet.ready", self.root / "fleet.log"
        with log.open("w") as output:
            up = self.shell(f"exec env {command.strip()} --ready-file {ready}")
            process = subprocess.Popen(up, **{**self.options(), "stdout": output})
        try:
            while not ready.exists():
                assert process.poll() is None, log.read_text()
                time.sleep(0.05)
            yield
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)

    def shell(self, command: str) -> list[str]:
        """Return the arguments of a shell that ends at the first command that fails."""
        return ["/bin/sh", "-ec", command]

    def options(self) -> dict[str, Any]:
        """Return where and how a shell is started."""
        return {
            "cwd": self.root,
            "env": self.environment,
            "text": True,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.STDOUT,
        }

    def _script(self, name: str, target: str) -> None:
        module, _, attribute = target.partition(":")
        first, _, rest = attribute.partition(".")
        script = self.root / "bin" / name
        call = f"{first}.{rest}" if rest else first
        script.write_text(f"#!{sys.executable}\nfrom {module} import {first}\nraise SystemExit({call}())\n")
        script.chmod(0o755)
