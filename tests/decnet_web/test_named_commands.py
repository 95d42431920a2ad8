# SPDX-License-Identifier: MIT
"""Commands that the dashboard tells people to run: each exists."""

from __future__ import annotations

import re
from pathlib import Path

from decnet.manual.programs import operator

TEXTS = Path(__file__).parents[2] / "packages" / "decnet-web" / "frontend" / "src" / "app" / "i18n" / "en"
_NAMED = re.compile(r"`(?:sudo )?decnet ((?:[a-z]+ ?)+)")


def test_commands_that_the_dashboard_names_exist() -> None:
    named = {found for path in TEXTS.glob("*.ts") for found in _NAMED.findall(path.read_text(encoding="utf-8"))}
    assert "user link " in named
    for words in named:
        command = operator()
        for word in words.split():
            inner = {one.name.rpartition(" ")[2]: one for one in command.commands}
            if not inner:
                break  # what follows are its arguments
            assert word in inner, f"there is no `decnet {words.strip()}`"
            command = inner[word]
