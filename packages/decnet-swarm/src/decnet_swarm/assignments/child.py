# SPDX-License-Identifier: MIT
"""Calls `seal_child`; blocking, for a worker's thread."""

import subprocess
import sys
from pathlib import Path

from decnet_core.text import for_terminal
from decnet_swarm.errors import SwarmError

SECONDS = 60.0


class SealError(SwarmError):
    """An assignment could not be signed or is not to be trusted; the message says why."""


def signed(content: bytes, identity: Path) -> bytes:
    """Return the encoded envelope; `identity` has the listener's key. Raises SealError."""
    return _asked(("sign", str(identity)), content)


def verified_content(envelope: bytes, authority: Path, sensor: str) -> bytes:
    """Return the content of an encoded envelope that this fleet's listener signed for `sensor`. Raises SealError."""
    return _asked(("verify", str(authority), sensor), envelope)


def _asked(arguments: tuple[str, ...], given: bytes) -> bytes:
    command = (sys.executable, "-P", "-m", "decnet_swarm.assignments.seal_child", *arguments)
    try:
        done = subprocess.run(command, input=given, capture_output=True, check=False, timeout=SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SealError(f"the program that checks signatures failed: {error}") from error
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise SealError(for_terminal(said[-1] if said else f"exit code {done.returncode}"))
    return done.stdout
