# SPDX-License-Identifier: MIT
"""Signs or verifies one assignment: `python -m decnet_swarm.assignments.seal_child sign FILE | verify FILE SENSOR`.

A child, because signing needs `cryptography`, 13 MiB that no worker is to keep. What is signed or verified comes on
standard input; the envelope, or the verified content, goes to standard output. FILE is the listener's identity, or the
certificate of the authority.
"""

import sys
from pathlib import Path

import msgspec

from decnet_swarm.assignments.envelope import envelope_in
from decnet_swarm.assignments.seal import BadSealError, sign, verified


def main() -> int:
    """Do it; return the exit code, with a sentence on standard error when it failed."""
    given, file = sys.stdin.buffer.read(), Path(sys.argv[2])
    try:
        if sys.argv[1] == "sign":
            sys.stdout.buffer.write(msgspec.json.encode(sign(given, file.read_bytes())))
            return 0
        envelope = envelope_in(given)
        if envelope is None:
            raise BadSealError("it is damaged")
        verified(envelope, file.read_bytes(), sys.argv[3])
        sys.stdout.buffer.write(envelope.content)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
