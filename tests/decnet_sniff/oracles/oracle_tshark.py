# SPDX-License-Identifier: MIT
"""What tshark reads in a capture."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path

Row = dict[str, list[str]]
"""Field to values, in the order of the packet; a field that is not there has none."""

_SEPARATOR, _AGGREGATOR = "\x1e", "\x1f"


def missing() -> str | None:
    """None if tshark is here."""
    return None if shutil.which("tshark") else "needs tshark"


@cache
def known_fields() -> frozenset[str]:
    """All fields that this tshark has."""
    listed = subprocess.run(["tshark", "-G", "fields"], check=True, capture_output=True, text=True)
    return frozenset(line.split("\t")[2] for line in listed.stdout.splitlines() if line.startswith("F\t"))


def rows(capture: Path, wanted: str, fields: Sequence[str], decode_as: Sequence[str] = ()) -> list[Row]:
    """The fields of each packet that the display filter `wanted` lets through; `decode_as` as for tshark's -d."""
    command = ["tshark", "-n", "-r", str(capture), "-Y", wanted, "-T", "fields"]
    command += ["-E", f"separator={_SEPARATOR}", "-E", f"aggregator={_AGGREGATOR}"]
    for rule in decode_as:
        command += ["-d", rule]
    for field in fields:
        command += ["-e", field]
    done = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=300
    )
    return [
        {field: value.split(_AGGREGATOR) if value else [] for field, value in zip(fields, values, strict=True)}
        for values in (line.split(_SEPARATOR) for line in done.stdout.split("\n") if line)
    ]
