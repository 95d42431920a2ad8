# SPDX-License-Identifier: MIT
"""Host keys of a decky: made when it first starts, then kept, like those of a real machine."""

import os
from pathlib import Path
from typing import Any

from decnet_decoys.ssh.engine import asyncssh

_ALGORITHMS: dict[str, tuple[str, dict[str, Any]]] = {
    "ed25519": ("ssh-ed25519", {}),
    "ecdsa": ("ecdsa-sha2-nistp256", {}),
    "rsa": ("ssh-rsa", {"key_size": 3072}),
}


def make_host_keys(directory: Path, kinds: tuple[str, ...]) -> None:
    """Make the decky's host keys that are missing; raises OSError."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    for kind in kinds:
        _make(directory / f"ssh_host_{kind}_key", kind)


def host_keys(directory: Path, kinds: tuple[str, ...]) -> list[asyncssh.SSHKey]:
    """Return the decky's host keys, making those that are missing; raises OSError."""
    make_host_keys(directory, kinds)
    files = [directory / f"ssh_host_{kind}_key" for kind in kinds]
    # `_write` wrote them whole; to prove anew that the primes of an RSA key are primes takes 0.15 s.
    return [asyncssh.read_private_key(file, unsafe_skip_rsa_key_validation=True) for file in files]


def _make(file: Path, kind: str) -> None:
    if not file.exists():
        algorithm, options = _ALGORITHMS[kind]
        _write(file, asyncssh.generate_private_key(algorithm, **options).export_private_key("pkcs8-pem"))


def _write(file: Path, content: bytes) -> None:
    """Write the key whole or not at all, readable for its owner only."""
    new = file.with_suffix(".new")
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    new.replace(file)
