# SPDX-License-Identifier: MIT
"""TLS without asyncio's own, which takes 256 KiB for each connection before the client has said anything."""

import logging
import ssl
from pathlib import Path
from typing import Any

from decnet_workers.canary.settings import CanarySettingsError

log = logging.getLogger(__name__)

_PIECE = 65536
_Stamp = tuple[tuple[int, int, int], ...]


class Certificates:
    """The server's certificate, read again when its files have changed, so renewing it needs no restart."""

    def __init__(self, certificate: str, key: str, authority: str) -> None:
        """Read the files; raises CanarySettingsError. With an `authority` clients may show certificates of it."""
        self._files = [Path(name) for name in (certificate, key, authority) if name]
        self._certificate, self._key, self._authority = certificate, key or certificate, authority
        if not certificate:
            raise CanarySettingsError("https_listen needs certificate, the PEM file of the server's certificate")
        try:
            self._stamp, self._context = self._stamped(), self._read()
        except (OSError, ssl.SSLError) as error:
            raise CanarySettingsError(f"certificate {certificate}: {error}") from error

    def context(self) -> ssl.SSLContext:
        """Return the context for a new connection; files that cannot be used leave the last ones in use."""
        try:
            stamp = self._stamped()
            if stamp != self._stamp:
                self._stamp = stamp
                self._context = self._read()
                log.info("certificate read again file=%s", self._certificate)
        except (OSError, ssl.SSLError) as error:
            log.warning(
                "certificate cannot be read, the last one stays in use file=%s reason=%s", self._certificate, error
            )
        return self._context

    def _read(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._certificate, self._key)
        context.set_alpn_protocols(["http/1.1"])
        if self._authority:
            context.load_verify_locations(self._authority)
            context.verify_mode = ssl.CERT_OPTIONAL
        return context

    def _stamped(self) -> _Stamp:
        return tuple(
            (found.st_ino, found.st_size, found.st_mtime_ns) for found in (file.stat() for file in self._files)
        )


class TlsChannel:
    """One connection's TLS: bytes of the network in, bytes of the client out, and the other way; no I/O."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._established = False

    def received(self, data: bytes) -> bytes:
        """Take what the network sent; return what the client says in it. Raises ssl.SSLError."""
        self._incoming.write(data)
        try:
            if not self._established:
                self._tls.do_handshake()
                self._established = True
            return self._said()
        except ssl.SSLWantReadError:
            return b""

    def encrypt(self, data: bytes) -> None:
        self._tls.write(data)

    def to_send(self) -> bytes:
        """Return what is to be sent now: parts of a handshake, alerts, what was encrypted."""
        return self._outgoing.read()

    def client_name(self) -> str | None:
        """Return the common name in the certificate that the client showed, which the authority has signed."""
        certificate = self._tls.getpeercert() if self._established else None
        subject: Any = (certificate or {}).get("subject", ())
        names = [value for fields in subject for name, value in fields if name == "commonName"]
        return names[0] if names else None

    def _said(self) -> bytes:
        pieces = []
        try:
            while piece := self._tls.read(_PIECE):
                pieces.append(piece)
        except (ssl.SSLWantReadError, ssl.SSLZeroReturnError):
            pass
        return b"".join(pieces)
