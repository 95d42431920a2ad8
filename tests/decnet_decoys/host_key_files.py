# SPDX-License-Identifier: MIT
"""Host keys for the deckies of a test: to make an RSA key takes a quarter of a second, and most tests ask for any."""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from pathlib import Path

from decnet_core.state import State
from decnet_decoys.ssh.keys import make_host_keys


def give_host_keys(state: State, *deckies: str) -> None:
    """Put keys where the deckies look for their own."""
    for decky in deckies:
        shutil.copytree(_made_once(), state.keys / "decoys" / decky, dirs_exist_ok=True)


@functools.cache
def _made_once() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="decnet-host-keys-"))
    atexit.register(shutil.rmtree, folder)
    make_host_keys(folder, ("rsa", "ecdsa", "ed25519"))
    return folder
