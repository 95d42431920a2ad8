# SPDX-License-Identifier: MIT
"""How a sensor knows its master: the fleet's authority, the role in the certificate, and the pinned public key.

Not by its host name: a master may move or be reached by several names, and a name in a certificate says only what the
authority said once. The key is pinned rather than the certificate, so that the listener's can be renewed; a second pin
is of the key that the listener will have after the next change (RFC 7469, 4.3, has the same reason).
"""

import ssl
from pathlib import Path

from decnet_swarm.errors import SwarmError
from decnet_swarm.pki import files
from decnet_swarm.pki.der import Unreadable, parts_of, pin
from decnet_swarm.pki.names import Role, roles_in


class WrongPeerError(SwarmError, ssl.SSLError):
    """Who answered is not the fleet's listener; the message says why. An SSLError, for it ends a connection as one."""

    def __str__(self) -> str:
        return str(self.args[-1])


def check_listener(folder: Path, link: ssl.SSLObject | ssl.SSLSocket) -> None:
    """Raise WrongPeerError unless the peer, after the handshake, is the listener that this sensor enrolled with.

    Raises files.NotEnrolledError when this host is not enrolled.
    """
    check_peer(link, files.enrolled(folder).pins)


def check_peer(link: ssl.SSLObject | ssl.SSLSocket, pins: tuple[str, ...]) -> None:
    """Raise WrongPeerError unless the peer's verified certificate is a listener's with one of the keys `pins`."""
    if Role.LISTENER not in roles_in(link.getpeercert()):
        raise WrongPeerError("the certificate of the other side is no listener's")
    parts = parts_of(link.getpeercert(binary_form=True) or b"")
    if isinstance(parts, Unreadable) or pin(parts.public_key) not in pins:
        raise WrongPeerError(
            "the listener has another key than the one pinned here; "
            "if the master was set up again, enrol again with a token from `decnet swarm token NAME --replace`"
        )
