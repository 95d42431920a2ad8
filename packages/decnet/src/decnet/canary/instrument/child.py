# SPDX-License-Identifier: MIT
"""The child that instruments one document: limits itself, reads it from standard input, writes the result.

Documents come from anywhere, and the libraries that read them have had memory errors; so this process has no database,
no key and no network of its own making, and ends with the document.
"""

import resource
import sys

from decnet.canary.instrument.errors import DocumentError
from decnet.canary.instrument.formats import FORMATS

LARGEST = 32 << 20
"""Bytes of a document, and of the result: what the database keeps of one."""
_MEMORY = 1 << 30
_SECONDS = 10
REFUSED = 65
"""Exit status (EX_DATAERR): the last line on standard error says why."""


def main(ending: str, url: str) -> int:
    limit_resources()
    document = sys.stdin.buffer.read(LARGEST + 1)
    try:
        result = FORMATS[ending].instrument(document, url)
    except DocumentError as error:
        return _refused(str(error))
    except (MemoryError, RecursionError):
        return _refused(f"it takes more than {_MEMORY >> 20} MiB of memory")
    if len(result) > LARGEST:
        return _refused(f"with the token it has {len(result)} bytes: at most {LARGEST} are kept")
    sys.stdout.buffer.write(result)
    return 0


def _refused(reason: str) -> int:
    sys.stderr.write(f"{reason}\n")
    return REFUSED


def limit_resources() -> None:
    """Limit memory, processor time and files, for good."""
    for kind, limit in (
        (resource.RLIMIT_AS, _MEMORY),
        (resource.RLIMIT_CPU, _SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
    ):
        resource.setrlimit(kind, (limit, limit))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
