# SPDX-License-Identifier: MIT
"""Instruments a document in a child of its own."""

import subprocess
import sys

from decnet.canary.instrument.child import LARGEST, REFUSED
from decnet.canary.instrument.errors import DocumentError

_SECONDS = 30.0
"""The child has ten of processor time; a busy machine may be slower."""


def instrument(document: bytes, ending: str, url: str) -> bytes:
    """Return the document of a format (`.docx`) with the URL in it; raises DocumentError."""
    if len(document) > LARGEST:
        raise DocumentError(f"it has {len(document)} bytes: at most {LARGEST} are kept")
    command = [sys.executable, "-m", "decnet.canary.instrument.child", ending, url]
    try:
        done = subprocess.run(command, input=document, capture_output=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise DocumentError(f"it takes longer than {_SECONDS:.0f} s") from error
    if done.returncode == REFUSED:
        raise DocumentError(done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2])
    if done.returncode != 0:
        raise DocumentError(f"the program that reads it ended with status {done.returncode}: is it damaged?")
    return done.stdout
