# SPDX-License-Identifier: MIT
"""Keys for the deckies of a test: to make an RSA key takes a quarter of a second, and most tests ask for any."""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from decnet_core.state import State
from decnet_decoys.ssh.keys import make_host_keys
from decnet_decoys.tls import certificate

_certificate_key = functools.cache(certificate._new_key)


@contextmanager
def one_certificate_key() -> Iterator[None]:
    """Have all certificates that deckies make in this process be of one key; each is made when it was and differs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(certificate, "_new_key", _certificate_key)
        yield


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
