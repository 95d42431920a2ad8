# SPDX-License-Identifier: MIT
"""What a supervisor itself prints of its fleet into a pipe: text or JSON lines."""

import sys

import msgspec

from decnet_core.supervise.lifecycle import Status
from decnet_core.text import for_terminal, json_for_terminal
from decnet_core.timing.timestamps import json_with_times


class PlainLines:
    """One line per change."""

    def changed(self, status: Status) -> None:
        """Print a worker's new state."""
        detail = status.reason or (f"pid {status.pid}" if status.pid else "")
        print_line(f"{status.name}: {status.phase.value}" + (f" ({for_terminal(detail, 300)})" if detail else ""))

    def message(self, text: str) -> None:
        """Print a message to the operator."""
        print_line(text)


class JsonLines:
    """One JSON object per line; `type` is worker or message."""

    def changed(self, status: Status) -> None:
        """Print a worker's new state."""
        print_json({"type": "worker", **msgspec.to_builtins(status)})

    def message(self, text: str) -> None:
        """Print a message to the operator."""
        print_json({"type": "message", "text": text})


def print_json(document: dict[str, object]) -> None:
    """Print one document on one line, at once."""
    print_line(json_for_terminal(json_with_times(document)))


def print_line(text: str) -> None:
    """Print one line, at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
