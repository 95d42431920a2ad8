# SPDX-License-Identifier: MIT
"""The program of a supervised worker: `python -m decnet_core.supervise.child decnet_core.bus.worker:Bus`.

The class is named in full because finding it by entry point would cost every worker the memory of `importlib.metadata`;
the supervisor has looked it up once for all. Starting the module rather than a console script works the same in a
checkout and in a wheel install, whatever PATH says.
"""

from __future__ import annotations

import importlib
import sys


def main(place: str) -> int:
    """Run the worker class at `module:Class` until it is told to stop; return its exit code."""
    from decnet_core.runtime.process import run
    from decnet_core.supervise.identity import separate

    module, _, name = place.partition(":")
    worker = getattr(importlib.import_module(module), name)
    return run(worker, prepare=lambda: separate(worker))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
