# SPDX-License-Identifier: MIT
"""Parses what we record of a certificate (RFC 5280): fingerprint, names, validity.

A small parser of our own, because the alternatives cost too much here: `ssl` decodes only certificates that it trusts,
and `cryptography` takes more memory than the rest of this worker and refuses certificates that attackers use. Names are
data: shown as they are written, never believed.
"""

import hashlib
import ipaddress
from typing import NamedTuple

from decnet_core.net import der
from decnet_core.net.der import DerError, Item
from decnet_core.text import bounded

MOST_NAMES = 64
MAX_NAME = 1024
"""Characters of a distinguished name that are kept."""

_VERSION, _EXTENSIONS = 0xA0, 0xA3
_ALTERNATIVE_NAMES = "2.5.29.17"
_MAIL, _DNS, _URI, _ADDRESS = 0x81, 0x82, 0x86, 0x87
_SHORT = {
    "2.5.4.3": "CN", "2.5.4.5": "SERIALNUMBER", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST", "2.5.4.9": "STREET",
    "2.5.4.10": "O", "2.5.4.11": "OU", "0.9.2342.19200300.100.1.1": "UID", "0.9.2342.19200300.100.1.25": "DC",
    "1.2.840.113549.1.9.1": "emailAddress",
}  # fmt: skip
"""Attribute types as RFC 4514 and OpenSSL write them."""
_SPECIAL = frozenset(',+"\\<>;')


class Certificate(NamedTuple):
    """What is reported of a certificate; when it cannot be parsed, all but `sha256` and `problem` is empty."""

    sha256: str
    """Of the whole DER, 64 hexadecimal digits."""
    serial: str = ""
    """Hexadecimal."""
    subject: str = ""
    """Attributes in the order of the certificate, joined with `,`, values escaped as in RFC 4514."""
    issuer: str = ""
    not_before: int | None = None
    """Seconds since the Unix epoch; None if it is not a valid date."""
    not_after: int | None = None
    names: tuple[str, ...] = ()
    """Subject alternative names: DNS names, addresses, mail addresses and URIs, at most 64."""
    problem: str = ""


def describe(data: bytes) -> Certificate:
    """Parse the certificate whose DER is `data`; never raises."""
    sha256 = hashlib.sha256(data).hexdigest()
    try:
        return _read(sha256, data)
    except DerError as error:
        return Certificate(sha256, problem=str(error))


def _read(sha256: str, data: bytes) -> Certificate:
    outer, _ = der.item_at(data, 0)
    signed, _ = der.item_at(outer.expect(der.SEQUENCE, "certificate"), 0)
    fields = list(der.items(signed.expect(der.SEQUENCE, "signed part")))
    if fields and fields[0].tag == _VERSION:
        del fields[0]
    if len(fields) < 6:
        raise DerError("too few fields")
    serial, _, issuer, validity, subject = fields[:5]
    not_before, not_after = _validity(validity)
    return Certificate(
        sha256,
        serial.expect(der.INTEGER, "serial number")[:64].hex(),
        _name(subject),
        _name(issuer),
        not_before,
        not_after,
        next((_alternatives(field) for field in fields[6:] if field.tag == _EXTENSIONS), ()),
    )


def _name(item: Item) -> str:
    """Return a distinguished name as one line."""
    parts = [
        "+".join(_attribute(pair) for pair in der.items(group.expect(der.SET, "name")))
        for group in der.items(item.expect(der.SEQUENCE, "name"))
    ]
    return bounded(",".join(parts), MAX_NAME)


def _attribute(pair: Item) -> str:
    parts = list(der.items(pair.expect(der.SEQUENCE, "attribute")))
    if len(parts) != 2:
        raise DerError("no attribute")
    number = der.oid(parts[0].expect(der.OID, "attribute type"))
    return f"{_SHORT.get(number, number)}={_escaped(der.text(parts[1])[:MAX_NAME])}"


def _escaped(text: str) -> str:
    return "".join("\\" + character if character in _SPECIAL else character for character in text)


def _validity(item: Item) -> tuple[int | None, int | None]:
    times = [der.seconds(moment) for moment in der.items(item.expect(der.SEQUENCE, "validity"))]
    if len(times) != 2:
        raise DerError("no validity")
    return times[0], times[1]


def _alternatives(field: Item) -> tuple[str, ...]:
    """Return the subject alternative names among the extensions; a damaged extension yields none."""
    try:
        listed, _ = der.item_at(field.content, 0)
        for extension in der.items(listed.expect(der.SEQUENCE, "extensions")):
            parts = list(der.items(extension.expect(der.SEQUENCE, "extension")))
            if len(parts) >= 2 and der.oid(parts[0].content) == _ALTERNATIVE_NAMES:
                names, _ = der.item_at(parts[-1].content, 0)
                shown = (_alternative(name) for name in der.items(names.expect(der.SEQUENCE, "names")))
                return tuple(name for name in shown if name)[:MOST_NAMES]
    except DerError:
        return ()
    return ()


def _alternative(name: Item) -> str:
    if name.tag in (_MAIL, _DNS, _URI):
        return bounded(name.content.decode("utf-8", "backslashreplace"), 255)
    if name.tag == _ADDRESS and len(name.content) in (4, 16):
        return str(ipaddress.ip_address(name.content))
    return ""
