# SPDX-License-Identifier: MIT
"""What our own program reads in a capture: `decnet-sniff read FILE --json`, as an operator runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

PROGRAM = str(Path(sys.executable).with_name("decnet-sniff"))


def findings(capture: Path, *kinds: str) -> list[dict[str, Any]]:
    """The findings of these kinds (all, without any), each sight by itself."""
    done = subprocess.run(
        [PROGRAM, "read", str(capture), "--json", "--window", "0"],
        check=True, stdout=subprocess.PIPE, text=True, timeout=300,
    )  # fmt: skip
    found: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.splitlines()]
    return [one for one in found if not kinds or one["payload"]["kind"] in kinds]
