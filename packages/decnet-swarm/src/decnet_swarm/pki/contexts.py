# SPDX-License-Identifier: MIT
"""TLS as either side speaks it, by Python's own ssl: what long-lived workers need without another library.

TLS 1.2 is allowed for the sake of rsyslog as the peer. There are no session tickets: a session that is resumed would
be one more way in that a revocation has to find.
"""

import ssl
from collections.abc import Callable
from pathlib import Path

from decnet_core.durable import stamp_of
from decnet_swarm.pki import files


def listener_context(folder: Path) -> ssl.SSLContext:
    """Return the context for the port that events arrive at: no connection without a certificate of the fleet.

    Raises files.NotEnrolledError.
    """
    context = _serving(folder)
    context.verify_mode = ssl.CERT_REQUIRED
    _trust(context, folder)
    return context


def enrolment_context(folder: Path) -> ssl.SSLContext:
    """Return the context of the enrolment port, which asks for no certificate; raises files.NotEnrolledError."""
    return _serving(folder)


def forwarder_context(folder: Path) -> ssl.SSLContext:
    """Return the context of a sensor towards its listener; `pinning.check_listener` must follow the handshake.

    Raises files.NotEnrolledError.
    """
    context = client_context()
    _trust(context, folder)
    _load_identity(context, folder)
    return context


def client_context() -> ssl.SSLContext:
    """Return a client's context without any trusted authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False  # the listener is known by its key, see `pinning`
    return context


class Reloaded:
    """A context that is recreated when the identity it was made of was replaced."""

    def __init__(self, make: Callable[[Path], ssl.SSLContext], folder: Path) -> None:
        self._make = make
        self._folder = folder
        self._stamp = stamp_of(self._folder / files.IDENTITY)
        self._context = make(folder)

    def current(self) -> ssl.SSLContext:
        """Return the context for the next connection; one that cannot be recreated leaves the last one standing."""
        stamp = stamp_of(self._folder / files.IDENTITY)
        if stamp != self._stamp:
            try:
                self._context = self._make(self._folder)
            except files.NotEnrolledError:
                return self._context
            self._stamp = stamp
        return self._context


def _serving(folder: Path) -> ssl.SSLContext:
    if not (folder / files.IDENTITY).exists():
        raise files.NotEnrolledError(f"there is no certificate in {folder}; `decnet swarm token NAME` makes one")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_TICKET | ssl.OP_NO_RENEGOTIATION
    context.num_tickets = 0
    _load_identity(context, folder)
    return context


def _load_identity(context: ssl.SSLContext, folder: Path) -> None:
    path = folder / files.IDENTITY
    try:
        context.load_cert_chain(path)
    except FileNotFoundError as error:
        raise files.NotEnrolledError(f"there is no certificate in {folder}") from error
    except (OSError, ssl.SSLError) as error:
        raise files.NotEnrolledError(f"{path} cannot be used: {error}") from error


def _trust(context: ssl.SSLContext, folder: Path) -> None:
    path = folder / files.AUTHORITY
    try:
        context.load_verify_locations(path)
    except (OSError, ssl.SSLError) as error:
        raise files.NotEnrolledError(f"{path} cannot be used: {error}") from error
