# SPDX-License-Identifier: MIT
"""TLS of the API's TCP socket, from certificate files."""

from __future__ import annotations

import ssl
from pathlib import Path

from decnet_core.durable import stamp_of
from decnet_web.errors import WebError


class CertificateError(WebError):
    """The certificate's files cannot be used; the message says which and why."""


class Certificate:
    """A TLS context whose certificate is read again when its files have changed."""

    def __init__(self, certificate: str, key: str) -> None:
        """Read PEM files, `key` may be empty: it is in the file of the certificate. Raises CertificateError."""
        self._certificate = certificate
        self._key = key or None
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.context.set_alpn_protocols(["http/1.1"])
        self._read = self._state()
        self._load()

    def refresh(self) -> bool:
        """Use what the files hold now for the connections to come; False when nothing has changed.

        Raises CertificateError; then the former certificate stays in use.
        """
        now = self._state()
        if now == self._read:
            return False
        self._read = now
        self._load()
        return True

    def _load(self) -> None:
        try:
            self.context.load_cert_chain(self._certificate, self._key)
        except (OSError, ssl.SSLError) as error:
            files = self._certificate if self._key is None else f"{self._certificate}, {self._key}"
            raise CertificateError(f"cannot use the certificate of {files}: {error}") from error

    def _state(self) -> tuple[tuple[int, int] | None, ...]:
        return tuple(stamp_of(Path(name)) for name in (self._certificate, self._key) if name)
