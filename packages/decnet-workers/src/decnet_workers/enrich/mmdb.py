# SPDX-License-Identifier: MIT
"""Country and autonomous system of an address from MaxMind DB files (the format's version 2.0).

The library is imported when there is a file: 2 MiB that other installations do not pay. It maps a file into memory.
"""

from collections.abc import Sequence
from typing import Any

from decnet_core.net.addresses import Address
from decnet_core.text import for_column
from decnet_workers.enrich.answers import WORDS, Answer
from decnet_workers.errors import WorkersError


class MmdbError(WorkersError):
    """A file cannot be used; the message says why."""


class Mmdb:
    """The files of the operator; of two that know the same, the first one counts. Raises MmdbError."""

    def __init__(self, files: Sequence[str]) -> None:
        import maxminddb

        self._readers: list[maxminddb.Reader] = []
        self._damaged: type[Exception] = maxminddb.InvalidDatabaseError
        for file in files:
            try:
                self._readers.append(maxminddb.open_database(file, maxminddb.MODE_AUTO))
            except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
                raise MmdbError(f"{file} cannot be used: {error}") from error

    def find(self, address: Address) -> Answer | None:
        """Return country and autonomous system, None when no file knows the address."""
        detail: dict[str, Any] = {}
        for reader in self._readers:
            try:
                record = reader.get(address)
            except (self._damaged, ValueError):  # of an IPv6 address in a file for IPv4, too
                continue
            if isinstance(record, dict):
                detail = {**_detail(record), **detail}
        return Answer("unknown", (), detail) if detail else None

    def close(self) -> None:
        for reader in self._readers:
            reader.close()


def _detail(record: dict[str, Any]) -> dict[str, Any]:
    """Return what a record says, by the names of GeoLite2 and DB-IP, or those of IPinfo."""
    country = record.get("country")
    code = country.get("iso_code") if isinstance(country, dict) else record.get("country_code", country)
    number = record.get("autonomous_system_number", record.get("asn"))
    name = record.get("autonomous_system_organization", record.get("as_name"))
    if isinstance(number, str):
        number = int(number.removeprefix("AS")) if number.removeprefix("AS").isdecimal() else None
    found = {
        "country": for_column(code, 2) if isinstance(code, str) else None,
        "asn": number if isinstance(number, int) else None,
        "organisation": for_column(name, WORDS) if isinstance(name, str) else None,
    }
    return {key: value for key, value in found.items() if value is not None}
