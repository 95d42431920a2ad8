# SPDX-License-Identifier: MIT
"""HASSH and HASSHServer: an MD5 over the algorithms that a side offers (github.com/salesforce/hassh).

The text is the key exchange, encryption, MAC and compression lists joined with `;`, in wire order and spelling. For a
client its client-to-server lists count, for a server its server-to-client lists.
"""

from decnet_sniff.protocols import digests
from decnet_sniff.protocols.ssh import Kexinit


def client_algorithms(kex: Kexinit) -> bytes:
    """Return the text that HASSH is made of (`hasshAlgorithms`)."""
    return b";".join((kex.key_exchange, kex.encryption_to_server, kex.mac_to_server, kex.compression_to_server))


def server_algorithms(kex: Kexinit) -> bytes:
    """Return the text that HASSHServer is made of (`hasshServerAlgorithms`)."""
    return b";".join((kex.key_exchange, kex.encryption_to_client, kex.mac_to_client, kex.compression_to_client))


def digest(algorithms: bytes) -> str:
    """Return the fingerprint: MD5 as 32 hexadecimal digits."""
    return digests.md5(algorithms)
