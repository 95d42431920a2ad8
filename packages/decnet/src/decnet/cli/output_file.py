# SPDX-License-Identifier: MIT
"""Where a command writes a document: the file that was named, else standard output."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from decnet.cli.errors import OperatorError


@contextmanager
def opened(output: Path | None) -> Iterator[TextIO]:
    """Open it for writing; raises OperatorError when the file cannot be opened."""
    if output is None:
        yield sys.stdout
        return
    try:
        file = output.open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise OperatorError(f"cannot write {output}: {error.strerror}") from error
    with file:
        yield file
