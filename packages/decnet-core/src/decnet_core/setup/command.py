# SPDX-License-Identifier: MIT
"""`decnet-supervise init`: makes this host a sensor.

Why here: a sensor host has decnet-sniff and decnet-swarm, and nothing of the distribution `decnet`, whose `decnet init`
does this on a master. What both depend on is the core, and of the core's two programs it is the supervisor whose unit
gets written. So an operator pastes `decnet-forwarder enrol ...` and then types `decnet-supervise init`.

argparse, as in the supervisor: it is there already.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from decnet_core.exits import Exit
from decnet_core.settings import SettingsError
from decnet_core.setup.errors import DisputedError, SetupError
from decnet_core.setup.steps import InstallOptions, remove, set_up


def main(arguments: Sequence[str]) -> int:
    """Set this host up as a sensor, or take that away; return the exit code (see `Exit`)."""
    asked = parser().parse_args(arguments)
    options = InstallOptions(
        prefix=asked.prefix, programs=asked.bin, role="sensor", hosting=asked.hosting, dry_run=asked.dry_run,
        force=asked.force, as_json=asked.json,
    )  # fmt: skip
    try:
        (remove if asked.remove else set_up)(options)
    except (SetupError, SettingsError) as error:
        return _refused(error, Exit.STARTUP_FAILED)
    except DisputedError as error:
        return _refused(error, Exit.CRASHED)
    except OSError as error:
        return _refused(f"cannot use {error.filename}: {error.strerror}", Exit.STARTUP_FAILED)
    return Exit.STOPPED


def parser() -> argparse.ArgumentParser:
    """Return the parser of its command line."""
    parser = argparse.ArgumentParser(
        prog="decnet-supervise init",
        description="Set this host up as a sensor under systemd: one unit for all its workers, accounts, directories, "
        "settings. Run it again after changing settings; it keeps what you have edited.",
    )
    parser.add_argument("--dry-run", action="store_true", help="show what would change, change nothing")
    parser.add_argument("--remove", action="store_true", help="remove what init wrote; data stay")
    parser.add_argument("--force", action="store_true", help="also replace files that were edited since")
    parser.add_argument(
        "--hosting", choices=("groups", "units"), default="groups", help="one unit for all workers, or one for each"
    )
    parser.add_argument("--prefix", type=Path, default=Path("/"), help="write into this root file system")
    parser.add_argument(
        "--bin",
        type=Path,
        default=Path(sys.executable).parent,
        help="directory of the console scripts, as seen by the units",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


def _refused(error: object, code: Exit) -> int:
    sys.stderr.write(f"decnet-supervise: {error}\n")
    return code
