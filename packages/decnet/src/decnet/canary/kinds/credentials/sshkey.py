# SPDX-License-Identifier: MIT
"""A private SSH key (Ed25519): decoys recognise whoever offers it."""

from decnet.canary.kinds.credentials.fingerprint import fingerprint
from decnet.canary.kinds.kind import Bait, Kind, Token
from decnet_core.canary import SlugKind


def _make(token: Token) -> Bait:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

    del token
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    kind = "application/x-pem-file"
    return Bait(private, "id_ed25519", kind, fingerprint(public))


KIND = Kind(
    SlugKind.LOGIN,
    _make,
    trips="an SSH client that offers the key to any decoy of the fleet",
    reveals="the address, the user name tried, and the decky",
    path="~/.ssh/id_ed25519",
    mode=0o600,
)
