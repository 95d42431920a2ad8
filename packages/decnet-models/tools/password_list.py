# SPDX-License-Identifier: MIT
"""Prints the digests of a password list as `decnet_models.attackers.password_lists` holds them.

`python packages/decnet-models/tools/password_list.py FILE [MOST]`: one password, or `user:password`, on each line.
"""

import base64
import sys
from pathlib import Path

from decnet_models.attackers.password_lists import short_digest


def main() -> None:
    """Print base64 in lines that fit into a source file."""
    most = int(sys.argv[2]) if len(sys.argv) > 2 else 100
    lines = Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()[:most]
    text = base64.b64encode(b"".join(map(short_digest, dict.fromkeys(lines)))).decode("ascii")
    for start in range(0, len(text), 96):
        sys.stdout.write(f'    "{text[start : start + 96]}"\n')


if __name__ == "__main__":
    main()
