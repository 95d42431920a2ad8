# SPDX-License-Identifier: MIT
"""A persona's profile of its SSH server."""

from typing import Annotated, Literal

import msgspec

from decnet_decoys.personas.schema import Part
from decnet_decoys.ssh.keys import RSA_BITS


class SshProfile(Part, frozen=True, kw_only=True):
    """What SSH shows before login: the software version and the algorithms, in its order (RFC 4253 §7.1)."""

    version: str
    kex: tuple[str, ...]
    kex_extra: tuple[str, ...] = ("kex-strict-s-v00@openssh.com",)
    """What the key exchange list ends with although it is no key exchange."""
    host_keys: tuple[Literal["ed25519", "ecdsa", "rsa"], ...]
    host_key_algorithms: tuple[str, ...]
    ciphers: tuple[str, ...]
    macs: tuple[str, ...]
    compression: tuple[str, ...] = ("none", "zlib@openssh.com")
    keyboard_interactive: bool = False
    accept_after: Annotated[int, msgspec.Meta(ge=0)] = 0
    """A source's attempt of this number opens an existing account with whatever password; 0: never."""

    @property
    def offers_at_once(self) -> bool:
        """Whether it sends its offer with its version, before it knows who is there: Dropbear does."""
        return self.version.startswith("dropbear")

    @property
    def rsa_bits(self) -> int:
        """Return the size of the RSA key that dropbearkey(1) or ssh-keygen(1) makes unless told otherwise."""
        return 2048 if self.version.startswith("dropbear") else RSA_BITS
