# SPDX-License-Identifier: MIT
"""HOST:PORT of settings; an IPv6 address is in brackets, and the port may be omitted."""

from typing import NamedTuple

SYSLOG_TLS = 6514
"""RFC 5425 §4.1."""
ENROLMENT = SYSLOG_TLS + 1
"""The default port for enrolment."""


class Address(NamedTuple):
    """A host, by name or address, and a TCP port."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def address_in(text: str, port_otherwise: int = SYSLOG_TLS) -> Address:
    """Parse `text`; raises ValueError, whose message says what is wrong."""
    if text.startswith("["):
        host, closed, rest = text[1:].partition("]")
        if not closed or (rest and not rest.startswith(":")):
            raise ValueError(f"{text!r} is not [ADDRESS]:PORT")
        port = rest[1:]
    else:
        host, _, port = text.partition(":")
    if not host or ":" in port:
        raise ValueError(f"{text!r} is not HOST:PORT; an IPv6 address is written in brackets")
    if not (port.isascii() and port.isdigit() and int(port) <= 65535) and port:
        raise ValueError(f"{port!r} is not a port")
    return Address(host, int(port) if port else port_otherwise)
