# SPDX-License-Identifier: MIT
"""The fingerprint of an SSH key, as OpenSSH prints it and decoys record it."""

import base64
import hashlib


def fingerprint(public: bytes) -> str:
    """Return `SHA256:...` of a public key in OpenSSH's one-line form."""
    digest = hashlib.sha256(base64.b64decode(public.split()[1])).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")
