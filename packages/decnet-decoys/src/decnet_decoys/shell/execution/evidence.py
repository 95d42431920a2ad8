# SPDX-License-Identifier: MIT
"""Files that commands write: they are on the decoy's disk, and their content is kept as evidence."""

from collections.abc import Generator
from typing import Any

from decnet_decoys.shell.effects import Captured, Effect
from decnet_decoys.shell.encoding import encode
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.state import ShellState
from decnet_decoys.shell.streams import OutputBuffer


def save(
    shell: ShellState, path: str, data: bytes, *, append: bool, err: OutputBuffer | None
) -> Generator[Effect, Any, None]:
    """Write a file and have its content kept; what is wrong is told to `err`, if anybody is to know."""
    if not data:
        return
    try:
        resolved = shell.files.write(path, data, shell.access, append=append)
    except FileSystemError as error:
        if err is not None:
            err.write(encode(f"{shell.error_prefix}: {path}: {error}\n"))
        return
    whole = shell.files.read(resolved)
    if isinstance(whole, bytes):
        yield Captured(resolved, whole, partial=len(whole) > len(data))
