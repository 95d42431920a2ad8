# SPDX-License-Identifier: MIT
"""The server's certificate, read again when its files have changed. Loaded only where it is set: it loads OpenSSL."""

from __future__ import annotations

import logging
import ssl
from pathlib import Path

from decnet_web.web.settings import WebSettingsError

log = logging.getLogger(__name__)

_Stamp = tuple[tuple[int, int, int], ...]


class Certificates:
    """The certificate for new connections; files that cannot be used leave the last ones in use."""

    def __init__(self, certificate: str, key: str) -> None:
        """Read the files; raises WebSettingsError."""
        self._certificate, self._key = certificate, key or certificate
        try:
            self._stamp, self._current = self._stamped(), self._read()
            self.context = self._read()
        except (OSError, ssl.SSLError) as error:
            raise WebSettingsError(f"certificate {certificate}: {error}") from error
        self.context.sni_callback = self._choose  # called in each handshake, also for clients that name no server

    def _choose(self, connection: ssl.SSLObject, name: str | None, context: ssl.SSLContext) -> None:  # noqa: ARG002
        try:
            stamp = self._stamped()
            if stamp != self._stamp:
                self._stamp = stamp
                self._current = self._read()
                log.info("certificate read again file=%s", self._certificate)
        except (OSError, ssl.SSLError) as error:
            log.warning(
                "certificate cannot be read, the last one stays in use file=%s reason=%s", self._certificate, error
            )
        connection.context = self._current

    def _read(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self._certificate, self._key)
        context.set_alpn_protocols(["http/1.1"])
        return context

    def _stamped(self) -> _Stamp:
        files = {self._certificate, self._key}
        return tuple(
            (found.st_ino, found.st_size, found.st_mtime_ns) for found in (Path(file).stat() for file in sorted(files))
        )
