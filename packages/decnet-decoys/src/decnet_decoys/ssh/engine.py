# SPDX-License-Identifier: MIT
"""Loads asyncssh, the heaviest thing in a decoy process, without the parts a decoy never uses.

Measured with CPython 3.11 and asyncssh 2.24 (`benchmarks/decoys.py`): asyncio and msgspec alone hold 27.8 MiB RSS, with
asyncssh 53.0 MiB; leaving X.509 certificates and the optional GSSAPI, FIDO, PKCS#11 and bcrypt bindings away saves
1.2 MiB. The rest is 6 MiB of OpenSSL bindings and asyncssh's own modules, which its package imports all at once.
"""

import logging
import sys
import warnings
from typing import Any

_UNUSED = ("asyncssh.crypto.x509", "bcrypt", "fido2", "gssapi", "libnacl", "OpenSSL", "pkcs11")
"""asyncssh takes an ImportError of these as: not available."""

_blocked = [name for name in _UNUSED if name not in sys.modules and "asyncssh" not in sys.modules]
sys.modules.update(dict.fromkeys(_blocked))  # type: ignore[arg-type]  # None blocks an import (Python reference, 5.3.1)

import asyncssh  # noqa: E402  # only now without them

for _name in _blocked:
    del sys.modules[_name]

warnings.filterwarnings("ignore", message="Diffie-Hellman over finite fields")
"""A decoy offers what its persona offers, however old; cryptography would complain of it in the journal."""

# OpenSSH takes user names and passwords as they are sent. Prepared (SASLprep, RFC 4013), those with control characters
# would end the connection and not be recorded, and others would be recorded changed.
for _name in ("asyncssh.auth", "asyncssh.connection"):
    vars(sys.modules[_name])["saslprep"] = str

# As OpenSSH, offer no group of 1024 bits in a group exchange (DH_GRP_MIN). It is also the only group whose private key
# OpenSSL makes as long as the group, which takes longer than one of 8192 bits.
_kex: Any = sys.modules["asyncssh.kex_dh"]
_kex._dh_gex_groups = tuple(group for group in _kex._dh_gex_groups if group[0] >= 2048)
_, _kex._group1_g, _kex._group1_p = _kex._dh_gex_groups[0]

logging.getLogger("asyncssh").setLevel(logging.CRITICAL + 1)  # it would log what attackers send, unescaped

__all__ = ["asyncssh"]
