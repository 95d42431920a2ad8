# SPDX-License-Identifier: MIT
"""Section `[reporter]`: when reports are written, and how long their lists are."""

from typing import Annotated, Literal

import msgspec

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class ReporterSettings(msgspec.Struct, frozen=True):
    """Section `[reporter]`; the worker is off until `at` is set."""

    at: Annotated[str, msgspec.Meta(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9])?$")] = ""
    """Time of day, local, at which a report is sent to every receiver of `report.written`: "07:00". It is about the
    time since the one before; the first is sent at once."""
    days: tuple[Day, ...] = ()
    """Days of the week on which one is written, e.g. ["mon"] for one of the whole week; empty: every day."""
    rows: Annotated[int, msgspec.Meta(ge=1, le=200)] = 25
    """The longest list in a report; less where the report would be too large for a mail."""
