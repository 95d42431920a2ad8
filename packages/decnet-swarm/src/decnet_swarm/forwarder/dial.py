# SPDX-License-Identifier: MIT
"""Connects the forwarder to its server and verifies it: the fleet's listener, or a configured syslog server."""

import ssl
import time
from datetime import UTC, datetime
from pathlib import Path

from decnet_core.exits import StartupError
from decnet_core.text import for_terminal
from decnet_swarm.address import Address, address_in
from decnet_swarm.forwarder.settings import ForwarderSettings
from decnet_swarm.pki import files
from decnet_swarm.pki.contexts import Reloaded, forwarder_context
from decnet_swarm.pki.pinning import check_listener
from decnet_swarm.stream import Stream, connect_tls
from decnet_swarm.wire import ALPN

_NOT_YET_VALID, _EXPIRED = 9, 10
"""What OpenSSL says of a certificate by the clock: X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CERT_HAS_EXPIRED."""


class Dial:
    """Connects to the server of the settings; raises StartupError when there is nothing to identify with."""

    def __init__(self, settings: ForwarderSettings, state: Path, sensor: str) -> None:
        self.address: Address = address_in(settings.server)
        self._folder = files.forwarder_folder(state)
        self._offers = [ALPN] if settings.protocol != "syslog" else []
        self._needs_listener = settings.protocol == "decnet"
        self._foreign = _foreign_context(settings) if settings.tls_ca_file else None
        self._own: Reloaded | None = None
        if self._foreign is None:
            self._own = self._enrolled(sensor)
        self._used: ssl.SSLContext | None = None

    async def connect(self) -> Stream:
        """Return a connection to the verified server; raises OSError."""
        context = self._used = self._current()
        name = self.address.host if self._foreign else None
        stream = await connect_tls(self.address.host, self.address.port, context, name)
        try:
            self._check(stream)
        except BaseException:
            stream.abort()
            raise
        return stream

    @property
    def enrolled(self) -> bool:
        """Whether the certificate is the fleet's, which the fleet renews."""
        return self._own is not None

    def renewed(self) -> bool:
        """Return whether the next connection would show another certificate than the last one did."""
        return self._used is not None and self._current() is not self._used

    def explained(self, failure: OSError) -> str:
        """Return why there is no connection, for the operator; whom a listener refuses in TLS is not told why."""
        now = time.time()
        if self._own is not None and (own := _trouble_with(self._folder, now)):
            return own
        if isinstance(failure, ssl.SSLCertVerificationError) and failure.verify_code in (_NOT_YET_VALID, _EXPIRED):
            return f"{failure.verify_message} by this host's clock, which says it is {_day(now)}: is it right?"
        return for_terminal(str(failure) or "no answer in time")

    def _check(self, stream: Stream) -> None:
        if self._own is not None:
            try:
                check_listener(self._folder, stream.tls)
            except files.NotEnrolledError as error:
                raise ConnectionRefusedError(str(error)) from error
        if self._needs_listener and stream.protocol != ALPN:
            raise ConnectionRefusedError("the server is no listener of DECNET; [forwarder] protocol asks for one")

    def _current(self) -> ssl.SSLContext:
        if self._foreign is not None:
            return self._foreign
        assert self._own is not None
        return self._own.current()

    def _enrolled(self, sensor: str) -> Reloaded:
        try:
            name = files.enrolled(self._folder).name
            if name != sensor:
                raise StartupError(
                    f"this host is enrolled as {name} and calls itself {sensor} in events: "
                    f"set [state] sensor = {name!r}"
                )
            return Reloaded(self._make, self._folder)
        except files.NotEnrolledError as error:
            raise StartupError(str(error)) from error

    def _make(self, folder: Path) -> ssl.SSLContext:
        context = forwarder_context(folder)
        if self._offers:
            context.set_alpn_protocols(self._offers)
        return context


def _trouble_with(folder: Path, now: float) -> str:
    """Return what is wrong with this host's own certificate at `now`; empty when nothing is."""
    try:
        parts = files.validity(folder)
    except files.NotEnrolledError as error:
        return str(error)
    if parts.not_after <= now:
        return (
            f"this host's certificate expired on {_day(parts.not_after)}; enrol again with a token from "
            "`decnet swarm token NAME --replace`"
        )
    if now < parts.not_before:
        return f"this host's clock says it is {_day(now)}, before its certificate was made: is it right?"
    return ""


def _day(seconds: float) -> str:
    """Only the day: the text must stay the same for as long as the cause does, or it is logged at every attempt."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d}"


def _foreign_context(settings: ForwarderSettings) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=settings.tls_ca_file)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if settings.tls_certificate_file:
            context.load_cert_chain(settings.tls_certificate_file, settings.tls_key_file)
        if settings.protocol != "syslog":
            context.set_alpn_protocols([ALPN])
    except OSError as error:
        raise StartupError(f"[forwarder] the files named by tls_... cannot be used: {error}") from error
    return context
