# SPDX-License-Identifier: MIT
"""Runs the tests of packages/decnet-web/frontend/e2e in Chromium, against a fleet that was attacked.

Run by `nox -s browser`; one file of them: `.venv/bin/python -m pytest -m browser tests/decnet_web/browser -k NAME`.
Screenshots go to DECNET_SCREENSHOTS, by default `frontend/screenshots`. With DECNET_E2E_SLOW=6 the browser is six times
slower: what then fails is a race.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.decnet_web.api.accounts.oidc_provider import CLIENT, SECRET, OidcProvider, providing_in_thread
from tests.decnet_web.browser.attackers import fill
from tests.decnet_web.browser.control import Control
from tests.fleet.up_process import Up

pytestmark = pytest.mark.browser

FRONTEND = Path(__file__).parents[3] / "packages" / "decnet-web" / "frontend"
TESTS = sorted((FRONTEND / "e2e").glob("*.test.mjs"))
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
MINUTES = 15 * (3 if os.environ.get("DECNET_E2E_SLOW") else 1)
"""How long a file may take."""


@pytest.fixture(scope="module")
def control(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Control]:
    """A running fleet that was attacked, with an account of each role."""
    fleet = Up(tmp_path_factory.mktemp("fleet"))
    with providing_in_thread() as provider:
        _single_sign_on(fleet, provider)
        yield from _attacked(fleet)


def _attacked(fleet: Up) -> Iterator[Control]:
    with fleet.running(), Control(fleet) as control:
        asyncio.run(fill(fleet.block))
        for role in ("viewer", "analyst"):  # there is an admin
            added = control.cli(["user", "add", role, "--role", role])
            assert added["status"] == 0, added
        control.handled()
        yield control
        control.shutdown()


def _single_sign_on(fleet: Up, provider: OidcProvider) -> None:
    """Have the fleet log in the users of a provider."""
    (fleet.root / "client.secret").write_text(SECRET)
    with (fleet.root / "decnet.toml").open("a") as settings:
        settings.write(
            f"""
[api]
oidc_issuer = "{provider.issuer}"
oidc_client_id = "{CLIENT}"
oidc_client_secret_file = "{fleet.root / "client.secret"}"
oidc_roles = {{ soc = "analyst" }}
oidc_allow_private = true
"""
        )


@pytest.mark.timeout(MINUTES * 60)
@pytest.mark.parametrize("test", TESTS, ids=lambda path: path.name.removesuffix(".test.mjs"))
def test_in_chromium(control: Control, test: Path) -> None:
    assert CHROMIUM is not None, "chromium is not installed"
    screenshots = Path(os.environ.get("DECNET_SCREENSHOTS") or FRONTEND / "screenshots")
    screenshots.mkdir(parents=True, exist_ok=True)
    environment = {
        **os.environ,
        "DECNET_E2E_URL": f"http://127.77.{control.fleet.block}.1:8080",
        "DECNET_E2E_CONTROL": control.url,
        "DECNET_E2E_BLOCK": str(control.fleet.block),
        "DECNET_SCREENSHOTS": str(screenshots),
        "CHROMIUM": CHROMIUM,
    }
    command = ["node", "--test", "--test-concurrency=1", f"--test-timeout={(MINUTES - 1) * 60_000}", str(test)]
    done = subprocess.run(command, cwd=FRONTEND, env=environment, check=False, capture_output=True, text=True)
    sys.stdout.write(done.stdout)  # the figures that it measured, for `pytest -rP`
    assert done.returncode == 0, done.stdout + done.stderr + "\n" + control.fleet.said()[-3000:]
