# SPDX-License-Identifier: MIT
"""A supervised worker process: `python -m decnet_core.supervise.fork.child_main NAME MODULE:CLASS`.

A place may also name a function, a program beside the workers: it returns the exit code.

The class is named in full: the supervisor has looked it up among the entry points once for all. Starting the module
rather than a console script works the same in a checkout and in a wheel install, whatever PATH says.
"""

import sys


def run(name: str, place: str, *, hosting: str = "process") -> int:
    """Run worker `name`, the class at `module:Class`, or the function there, to its end; return its exit code."""
    from decnet_core.runtime import process
    from decnet_core.supervise.fork.identity import separate
    from decnet_core.supervise.preload import loading

    try:
        worker = loading.worker_or_program(place)
    except loading.BrokenWorkerError as refusal:
        return process.refuse(name, refusal)
    if not isinstance(worker, type):
        return worker()
    return process.run(worker, hosting=hosting, prepare=lambda: separate(worker))


if __name__ == "__main__":
    sys.exit(run(*sys.argv[1:3]))
