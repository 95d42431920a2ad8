# SPDX-License-Identifier: MIT
"""Audit entries of what commands do with access."""

import time
from typing import Any

from sqlalchemy import Connection

from decnet.cli import recording
from decnet.cli.operator_name import operator
from decnet_models.accounts import audit


def record(connection: Connection, action: str, target: str, **detail: Any) -> None:
    """Write the command's entry with more than its words; belongs in the transaction of the action."""
    entry = audit.Entry(
        actor=operator(), means="command", action=action, ts=time.time_ns(), object=target, detail=detail
    )
    audit.record(connection, entry)
    if (words := recording.unwritten()) is not None:
        words.is_written = True
