# SPDX-License-Identifier: MIT
"""Connects safely: resolve once, check every address, connect to a checked one.

The name is never resolved again; it serves as Host header and for the certificate only. One rejected address rejects
the whole answer: a legitimate name does not mix public and internal addresses.
"""

import asyncio
import os
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from functools import cached_property
from typing import TypeVar

from decnet_core.net.addresses import Address, Network, parse_address
from decnet_workers.errors import WorkersError
from decnet_workers.outbound.addresses import is_public, refusal
from decnet_workers.outbound.target import Target

MAX_ADDRESSES = 4
"""Addresses of one name that are tried."""

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

P = TypeVar("P", bound=asyncio.BaseProtocol)

_NO_TLS = frozenset({"WRONG_VERSION_NUMBER", "PACKET_LENGTH_TOO_LONG", "UNKNOWN_PROTOCOL"})
"""What OpenSSL calls the first bytes of a server that answers in plain text; which of them depends on its version."""


class DialError(WorkersError):
    """No connection; the message says why, without what the peer sent."""


async def resolve(host: str, port: int) -> Sequence[str]:
    """Return the addresses of `host` by the system's resolver; raises DialError."""
    try:
        infos = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise DialError(f"{host} cannot be resolved: {error.strerror or error}") from error
    return [str(entry[4][0]) for entry in infos]


def tls_failure(error: ssl.SSLError) -> str:
    """Return why no TLS connection was made, in one line for the operator."""
    if verdict := getattr(error, "verify_message", ""):
        return f"TLS failed: {verdict}"
    if error.reason in _NO_TLS:
        return f"TLS failed: it does not speak TLS on this port ({error.reason})"
    return f"TLS failed: {error.reason}"


def _words(error: OSError) -> str:
    """Return what the system says; asyncio has the address again in its place."""
    return os.strerror(error.errno) if error.errno else error.strerror or type(error).__name__


class Dialler:
    """Opens connections within the limits of the operator, who set them in `section`."""

    def __init__(
        self,
        section: str,
        *,
        allowed: Sequence[Network],
        connect_seconds: float,
        ca_file: str = "",
        resolve: Resolve = resolve,
    ) -> None:
        self._section = section
        self._allowed = allowed
        self._connect_seconds = connect_seconds
        self._ca_file = ca_file
        self._resolve = resolve

    @cached_property
    def tls(self) -> ssl.SSLContext:
        """Created when the first TLS server is dialled: loading the authorities costs some MiB."""
        try:
            return ssl.create_default_context(cafile=self._ca_file or None)
        except OSError as error:
            raise DialError(f"[{self._section}] ca_file cannot be read: {error.strerror or error}") from error

    async def open(self, target: Target, protocol: Callable[[], P], *, allow_private: bool) -> P:
        """Return a new `protocol` connected to `target`; raises DialError. The caller sets the overall deadline."""
        addresses = await self.checked(target, allow_private=allow_private)
        errors: list[str] = []
        for address in addresses[:MAX_ADDRESSES]:
            try:
                async with asyncio.timeout(self._connect_seconds):
                    return await self._connect(target, address, protocol)
            except TimeoutError:
                errors.append(f"{address} did not answer within {self._connect_seconds:g} s")
            except ssl.SSLError as error:
                errors.append(f"{address}: {tls_failure(error)}")
            except OSError as error:
                errors.append(f"{address}: {_words(error)}")
        raise DialError("; ".join(errors) or f"{target.host} has no address")

    async def checked(self, target: Target, *, allow_private: bool) -> list[Address]:
        """Return the addresses of `target`, all of which may be sent to; raises DialError."""
        literal = parse_address(target.host)
        parsed = (
            [literal] if literal else [parse_address(text) for text in await self._resolve(target.host, target.port)]
        )
        addresses = [address for address in parsed if address is not None]
        for address in addresses:
            refused = refusal(address, allow_private=allow_private, allowed=self._allowed)
            if refused is not None:
                said = f"refused: {target.host} resolves to an address that is not allowed: {refused}"
                raise DialError(f"{said}; [{self._section}] allow_networks has exceptions")
            if not (target.tls or target.upgrades) and is_public(address):
                raise DialError(f"refused: {address} is public, and over the Internet it is TLS (https) only")
        return list(dict.fromkeys(addresses))

    async def _connect(self, target: Target, address: Address, protocol: Callable[[], P]) -> P:
        _, connection = await asyncio.get_running_loop().create_connection(
            protocol,
            str(address),
            target.port,
            ssl=self.tls if target.tls else None,
            server_hostname=target.host if target.tls else None,
        )
        return connection
