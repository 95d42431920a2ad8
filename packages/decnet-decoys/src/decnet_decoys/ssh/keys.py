# SPDX-License-Identifier: MIT
"""Host keys of a decky: made when it first starts, then kept, like those of a real machine.

asyncssh is imported where a key is made or read: a decky that nobody visits needs to know only that its keys are there.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncssh

_ALGORITHMS = {"ed25519": "ssh-ed25519", "ecdsa": "ecdsa-sha2-nistp256", "rsa": "ssh-rsa"}
RSA_BITS = 3072
"""What ssh-keygen(1) makes."""


def are_made(directory: Path, kinds: tuple[str, ...]) -> bool:
    """Return whether the decky has all of its host keys."""
    return all(_file(directory, kind).exists() for kind in kinds)


def make_host_keys(directory: Path, kinds: tuple[str, ...], rsa_bits: int = RSA_BITS) -> None:
    """Make the decky's host keys that are missing; raises OSError."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    for kind in kinds:
        _make(_file(directory, kind), kind, rsa_bits)


def host_keys(directory: Path, kinds: tuple[str, ...], rsa_bits: int = RSA_BITS) -> list[asyncssh.SSHKey]:
    """Return the decky's host keys, making those that are missing; raises OSError."""
    make_host_keys(directory, kinds, rsa_bits)
    files = [_file(directory, kind) for kind in kinds]
    keys = [_read(file) for file in files]
    for file, key in zip(files, keys, strict=True):
        if not (public := _public(file)).exists():
            _write(public, key.export_public_key())
    return keys


def public_keys(directory: Path) -> dict[str, bytes]:
    """Return the public halves of the decky's host keys by their kind, as far as they have been written."""
    found = ((kind, _public(_file(directory, kind))) for kind in _ALGORITHMS)
    return {kind: file.read_bytes() for kind, file in found if file.exists()}


def _read(file: Path) -> asyncssh.SSHKey:
    from decnet_decoys.ssh.engine import asyncssh

    # `_write` wrote them whole; to prove anew that the primes of an RSA key are primes takes 0.15 s.
    return asyncssh.read_private_key(file, unsafe_skip_rsa_key_validation=True)


def _file(directory: Path, kind: str) -> Path:
    return directory / f"ssh_host_{kind}_key"


def _public(file: Path) -> Path:
    return file.with_name(f"{file.name}.pub")


def _make(file: Path, kind: str, rsa_bits: int) -> None:
    if not file.exists():
        from decnet_decoys.ssh.engine import asyncssh

        sized: dict[str, Any] = {"key_size": rsa_bits} if kind == "rsa" else {}
        made = asyncssh.generate_private_key(_ALGORITHMS[kind], **sized)
        _write(_public(file), made.export_public_key())
        _write(file, made.export_private_key("pkcs8-pem"))


def _write(file: Path, content: bytes) -> None:
    """Write the key whole or not at all, readable for its owner only."""
    new = file.with_suffix(".new")
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    new.replace(file)
