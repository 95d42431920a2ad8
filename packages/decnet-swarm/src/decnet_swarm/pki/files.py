# SPDX-License-Identifier: MIT
"""Where certificates and keys lie, and how they are written: whole or not at all, and for one account only.

`<state>/swarm/authority`   the root's key, the operator's alone: neither listener nor any other worker can read it;
                            and its certificate, which tokens pin: the key itself may be kept elsewhere
`<state>/swarm/listener`    the listener's: identity, the key that signs sensors, who is enrolled
`<state>/swarm/forwarder`   the sensor's: identity, and whom to trust

A private key and its certificate chain are one file, `identity.pem`. Two files could not be replaced at one instant,
and a crash between them would leave a sensor that cannot connect any more.
"""

import ssl
from pathlib import Path

import msgspec

from decnet_core.durable import make_directory, replace_file
from decnet_swarm.errors import SwarmError
from decnet_swarm.pki.acting_owner import acting_as_owner
from decnet_swarm.pki.der import Parts, Unreadable, parts_of

FOLDER = "swarm"
AUTHORITY = "ca.pem"
ROOT_KEY = "root.pem"
IDENTITY = "identity.pem"
ISSUING = "issuing.pem"
NEXT_KEY = "next.pem"
ENROLLED = "enrolled.json"

_CERTIFICATE = "-----BEGIN CERTIFICATE-----"
_END = "-----END CERTIFICATE-----"


class NotEnrolledError(SwarmError):
    """There is no usable certificate here; the message says how to get one."""


class Enrolled(msgspec.Struct, frozen=True):
    """What a sensor knows of its master."""

    name: str
    server: str
    """HOST:PORT of the listener."""
    pins: tuple[str, ...]
    """The listener's public keys (`der.pin`)."""


def authority_folder(state: Path) -> Path:
    return state / FOLDER / "authority"


def listener_folder(state: Path) -> Path:
    return state / FOLDER / "listener"


def forwarder_folder(state: Path) -> Path:
    return state / FOLDER / "forwarder"


def is_bootstrapped(state: Path) -> bool:
    """Return whether there is an authority and a listener's identity below the state directory."""
    return (listener_folder(state) / IDENTITY).exists()


def make_folder(folder: Path) -> None:
    """Make `folder` for its owner only; what is above may be entered by the fleet's group. Raises OSError."""
    make_directory(folder.parent, 0o750)
    make_directory(folder, 0o700)


def write(path: Path, content: bytes) -> None:
    """Replace a file, mode 0600, as the owner of its folder: what root writes there the worker must read.

    Raises OSError.
    """
    with acting_as_owner(path.parent):
        replace_file(path, content, 0o600)


def enrolled(folder: Path) -> Enrolled:
    """Return what the sensor whose files are in `folder` knows of its master; raises NotEnrolledError."""
    try:
        return msgspec.json.decode((folder / ENROLLED).read_bytes(), type=Enrolled)
    except FileNotFoundError as error:
        raise NotEnrolledError(
            "this host is not enrolled: get a command from `decnet swarm token NAME` on the master and run it here"
        ) from error
    except (OSError, msgspec.DecodeError) as error:
        raise NotEnrolledError(f"{folder / ENROLLED} cannot be read: {error}; enrol this host again") from error


def certificate_in(pem: str) -> bytes:
    """Return the first certificate of a PEM text in DER; raises ValueError when there is none."""
    start = pem.find(_CERTIFICATE)
    end = pem.find(_END, start)
    if start < 0 or end < 0:
        raise ValueError("no certificate in it")
    return ssl.PEM_cert_to_DER_cert(pem[start : end + len(_END)])


def validity(folder: Path) -> Parts:
    """Return what the certificate in `folder` says of itself; raises NotEnrolledError."""
    path = folder / IDENTITY
    try:
        with acting_as_owner(folder):
            parts = parts_of(certificate_in(path.read_text("ascii")))
    except FileNotFoundError as error:
        raise NotEnrolledError(f"there is no certificate in {folder}") from error
    except (OSError, ValueError) as error:
        raise NotEnrolledError(f"{path} cannot be read: {error}") from error
    if isinstance(parts, Unreadable):
        raise NotEnrolledError(f"{path} cannot be read: {parts.reason}")
    return parts
