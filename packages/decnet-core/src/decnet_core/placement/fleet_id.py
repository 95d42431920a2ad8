# SPDX-License-Identifier: MIT
"""The fleet's identifier: two fleets on one host, each with a state directory, know their own deckies by it."""

import re
import secrets
from pathlib import Path

from decnet_core.durable import make_directory, replace_file
from decnet_core.exits import StartupError

LENGTH = 8
_PATTERN = re.compile(rf"[0-9a-f]{{{LENGTH}}}")


def fleet_id(folder: Path) -> str:
    """Return the identifier that is kept in `folder`, drawn at the first call: LENGTH hexadecimal digits.

    A damaged file is not replaced: what is on the network under the former identifier would be nobody's.
    Raises OSError, StartupError.
    """
    path = folder / "fleet"
    try:
        found = path.read_text(encoding="ascii", errors="replace").strip()
    except FileNotFoundError:
        found = secrets.token_hex(LENGTH // 2)
        make_directory(folder)
        replace_file(path, f"{found}\n".encode())
    if not _PATTERN.fullmatch(found):
        raise StartupError(
            f"{path} does not hold the fleet's identifier: write the eight digits there that follow `decnet-` in the "
            "names of its deckies' namespaces, or delete the file when none of its deckies is left"
        )
    return found
