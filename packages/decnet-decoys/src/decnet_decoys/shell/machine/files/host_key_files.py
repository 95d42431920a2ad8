# SPDX-License-Identifier: MIT
"""The files of sshd's host keys in /etc/ssh: public ones as the decky offers them; private ones in the right form.

The private ones are noise: whoever took the decky's own could answer in its place.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping

from decnet_decoys.shell.encoding import encode
from decnet_decoys.shell.machine.machine import Machine
from decnet_decoys.shell.machine.tree import Entry, Filler

_MODULI = b"# Time Type Tests Tries Size Generator Modulus\n"
_MODULI_BYTES = 573_928
_PRIVATE_BYTES = {"ed25519": 266, "ecdsa": 337, "rsa": 1823}
"""Of what a private key's file has in base64, with the comment `root@` and a name of six letters."""


def put_host_keys(machine: Machine, public: Mapping[str, bytes]) -> None:
    """Put the key files of a Debian that has these public keys, by their kind."""
    if machine.persona.family != "debian" or not public:
        return
    installed = machine.tree.entries["/etc/hostname"].mtime
    machine.tree.put(
        "/etc/ssh/moduli", Entry("file", 0o644, mtime=installed, content=Filler(_MODULI, _MODULI_BYTES, "moduli"))
    )
    comment = encode(f"root@{machine.given_name}")
    for kind, key in sorted(public.items()):
        path, (algorithm, blob) = f"/etc/ssh/ssh_host_{kind}_key", key.split()[:2]
        machine.tree.put(path, Entry("file", 0o600, mtime=installed, content=_private(kind, blob)))
        text = b" ".join((algorithm, blob, comment)) + b"\n"
        machine.tree.put(f"{path}.pub", Entry("file", 0o644, mtime=installed, content=text))


def _private(kind: str, blob: bytes) -> bytes:
    noise = hashlib.shake_256(b"private" + blob).digest(_PRIVATE_BYTES[kind] - 15)
    rows = base64.b64encode(b"openssh-key-v1\0" + noise)
    lines = b"\n".join(rows[at : at + 70] for at in range(0, len(rows), 70))
    return b"-----BEGIN OPENSSH PRIVATE KEY-----\n" + lines + b"\n-----END OPENSSH PRIVATE KEY-----\n"
