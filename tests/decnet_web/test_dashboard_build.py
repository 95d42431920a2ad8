# SPDX-License-Identifier: MIT
"""The tool that builds the dashboard: when it builds, what it leaves when it cannot, what the page may load at once."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "packages" / "decnet-web"


class Checkout:
    """A copy of the tool beside a frontend that is built by a script of the test."""

    def __init__(self, root: Path) -> None:
        self.package = root / "packages" / "decnet-web"
        (self.package / "src" / "decnet_web" / "web").mkdir(parents=True)
        (self.package / "frontend" / "src").mkdir(parents=True)
        shutil.copytree(PACKAGE / "tools", self.package / "tools")
        (root / "uv.lock").touch()
        (self.package / "frontend" / "package.json").write_text("{}")
        (self.package / "frontend" / "package-lock.json").write_text("{}")
        self.source = self.package / "frontend" / "src" / "main.tsx"
        self.source.write_text("1")
        self.programs = root / "bin"
        self.programs.mkdir()
        self._program("node", "echo v22.1.0")
        self.npm(
            'echo "$@" >>../called\n'
            "case $1 in\n"
            "ci) mkdir -p node_modules;;\n"
            "run) mkdir -p $DECNET_STATIC; cp src/main.tsx $DECNET_STATIC/index.html;;\n"
            "esac"
        )

    def npm(self, script: str) -> None:
        self._program("npm", script)

    def _program(self, name: str, script: str) -> None:
        (self.programs / name).write_text(f"#!/bin/sh\n{script}\n")
        (self.programs / name).chmod(0o755)

    def build(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PATH": f"{self.programs}:/usr/bin:/bin"}
        command = [sys.executable, str(self.package / "tools" / "dashboard.py"), *arguments]
        return subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=60)

    @property
    def page(self) -> Path:
        return self.package / "src" / "decnet_web" / "web" / "static" / "index.html"

    def called(self) -> list[str]:
        return [line.split()[0] for line in (self.package / "called").read_text().splitlines()]


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_it_builds_once_and_again_when_a_source_has_changed(checkout: Checkout) -> None:
    assert checkout.build().returncode == 0
    assert checkout.page.read_text() == "1"
    assert checkout.build().stderr == ""
    assert checkout.called() == ["ci", "run"]
    checkout.source.write_text("2")
    assert checkout.build().returncode == 0
    assert checkout.page.read_text() == "2"
    assert checkout.called() == ["ci", "run", "run"]  # what is installed is of the same lock


def test_a_build_that_fails_leaves_the_last_one_and_says_so(checkout: Checkout) -> None:
    checkout.build()
    checkout.source.write_text("2")
    checkout.npm("exit 7")
    failed = checkout.build()
    assert failed.returncode == 1
    assert "npm run ended with 7" in failed.stderr
    assert checkout.page.read_text() == "1"


def test_without_a_registry_the_fleet_starts_all_the_same(checkout: Checkout) -> None:
    checkout.npm("exit 1")
    done = checkout.build("--or-without")
    assert done.returncode == 0
    assert "could not be built: npm ci ended with 1" in done.stderr
    assert not checkout.page.exists()


@pytest.mark.parametrize("page", ["assets/first-12345678.js"])
def test_the_first_page_is_what_its_scripts_load_at_once(checkout: Checkout, page: str) -> None:
    assets = checkout.page.parent / "assets"
    assets.mkdir(parents=True)
    checkout.page.write_text(f'<script type="module" src="/{page}"></script>')
    (assets / "first-12345678.js").write_text('import{a}from"./shared-12345678.js";import("./later-12345678.js")')
    (assets / "shared-12345678.js").write_text("export const a=1")
    (assets / "later-12345678.js").write_bytes(os.urandom(500_000))
    tool = [sys.executable, str(checkout.package / "tools" / "first_page.py")]
    done = subprocess.run(tool, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "shared" in done.stdout
    assert "later" not in done.stdout
    (assets / "shared-12345678.js").write_text("x" + os.urandom(500_000).hex())
    assert subprocess.run(tool, capture_output=True, check=False).returncode == 1
