# SPDX-License-Identifier: MIT
"""Short numbers in place of the ids of identities, which a step compares a million times.

A UUID is hashed and compared in Python, and the database gives one for each row, or on SQLite its 32 digits.
"""

from uuid import UUID

from decnet_models.database.rows.row_select import as_uuid


class Roster:
    """Numbers for identities, in the order in which they were asked for."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._digits: list[str] = []

    def number(self, identity: UUID | str) -> int:
        """Return the number of an identity, given as a UUID or as its 32 digits."""
        digits = identity if isinstance(identity, str) else identity.hex
        number = self._numbers.get(digits)
        if number is None:
            number = self._numbers[digits] = len(self._digits)
            self._digits.append(digits)
        return number

    def identity(self, number: int) -> UUID:
        return as_uuid(self._digits[number])
