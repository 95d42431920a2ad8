# SPDX-License-Identifier: MIT
"""A certificate for servers of the oracles, which nobody trusts: our clients are told not to look."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import NamedTuple


class Certificate(NamedTuple):
    """Files in PEM."""

    certificate: Path
    key: Path


def make(folder: Path, algorithm: tuple[str, ...] = ("ec", "-pkeyopt", "ec_paramgen_curve:P-256")) -> Certificate:
    """Return a new certificate, for P-256 unless told otherwise."""
    made = Certificate(folder / "server.pem", folder / "server.key")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", *algorithm, "-nodes", "-days", "30", "-subj", "/CN=server.example",
         "-keyout", str(made.key), "-out", str(made.certificate)],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    return made
