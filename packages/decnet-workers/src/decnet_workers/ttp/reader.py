# SPDX-License-Identifier: MIT
"""Parses rule files, here or in a short-lived process of its own.

The worker uses another process: importing PyYAML costs 3.6 MiB for good, and rules are read when the worker starts and
when they change. `python -m decnet_workers.ttp.reader` is that process: names in, values out as JSON.
"""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from decnet_workers.errors import WorkersError
from decnet_workers.ttp.sigma.errors import RuleError
from decnet_workers.ttp.sigma.located import Located

MAX_FILE_BYTES = 1 << 18
DEADLINE_SECONDS = 60


class FileRead(msgspec.Struct, frozen=True):
    """The documents of a file as far as they could be parsed, and the error."""

    file: str
    documents: list[Located]
    line: int = 0
    error: str = ""


class ReaderError(WorkersError):
    """The reading process failed as a whole; the message says how."""


class _DeadReaderError(WorkersError):
    """The reading process died of what it read."""


def read_files(files: Sequence[Path]) -> list[FileRead]:
    """Read in this process."""
    return [_read(file) for file in files]


def read_in_child(files: Sequence[Path]) -> list[FileRead]:
    """Read in a process of its own; raises ReaderError when none can be started.

    When it dies, what it was to read is halved until the file is found that it dies of, so that the others work on.
    """
    try:
        return _read_by(files)
    except _DeadReaderError as error:
        if len(files) <= 1:
            return [FileRead(str(file), [], 1, str(error)) for file in files]
    half = len(files) // 2
    return [*read_in_child(files[:half]), *read_in_child(files[half:])]


def _read_by(files: Sequence[Path]) -> list[FileRead]:
    """Return what one process reads; raises _DeadReaderError if a signal ends it or it is too slow, or ReaderError."""
    command = [sys.executable, "-P", "-m", __name__]
    names = msgspec.json.encode([str(file) for file in files])
    try:
        done = subprocess.run(command, input=names, capture_output=True, timeout=DEADLINE_SECONDS, check=True)
        return msgspec.json.decode(done.stdout, type=list[FileRead])
    except subprocess.TimeoutExpired as error:
        raise _DeadReaderError(f"reading it took longer than {DEADLINE_SECONDS} s") from error
    except subprocess.CalledProcessError as error:
        if error.returncode < 0:
            raise _DeadReaderError(f"reading it ended with signal {-error.returncode}") from error
        last = error.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        raise ReaderError(f"reading rules failed with {error.returncode}: {' '.join(last)}") from error
    except (OSError, msgspec.DecodeError) as error:
        raise ReaderError(f"reading rules failed: {error}") from error


def main() -> None:
    files = msgspec.json.decode(sys.stdin.buffer.read(), type=list[str])
    sys.stdout.buffer.write(msgspec.json.encode(read_files([Path(file) for file in files])))


def _read(file: Path) -> FileRead:
    from decnet_workers.ttp.sigma.document import documents

    read: list[Located] = []
    try:
        for document in documents(_text(file)):
            read.append(document)  # noqa: PERF402  # those before a broken one count
    except RuleError as error:
        return FileRead(str(file), read, error.line, str(error))
    except (OSError, UnicodeDecodeError) as error:
        return FileRead(str(file), read, 1, f"cannot be read: {error}")
    return FileRead(str(file), read)


def _text(file: Path) -> str:
    if file.stat().st_size > MAX_FILE_BYTES:
        raise RuleError(f"the file is larger than {MAX_FILE_BYTES} bytes", 1)
    return file.read_text(encoding="utf-8")


if __name__ == "__main__":
    main()
