# SPDX-License-Identifier: MIT
"""Renews this sensor's certificate once: `python -m decnet_swarm.enrolment.renewal_child FOLDER HOST:PORT`."""

import sys
from pathlib import Path

from decnet_swarm.address import address_in
from decnet_swarm.enrolment.client import renew
from decnet_swarm.enrolment.exchange import ExchangeError
from decnet_swarm.pki.files import NotEnrolledError


def main() -> int:
    """Renew; return the exit code, with a sentence on standard error when it failed."""
    folder, server = Path(sys.argv[1]), sys.argv[2]
    try:
        renew(folder, address_in(server))
    except (ExchangeError, NotEnrolledError, OSError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
