# SPDX-License-Identifier: MIT
"""Fuzz one of the decoys' readers, guided by coverage (atheris): `python run_fuzz.py TARGET SECONDS` (`nox -s fuzz`).

The first input that misbehaves ends the run, and is written to the working directory.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import tempfile
from pathlib import Path

LIMITS = {"max_len": 4096, "rss_limit_mb": 512, "timeout": 10}


def main() -> int:
    name, seconds = sys.argv[1], int(sys.argv[2])
    sys.path.insert(0, str(Path(__file__).parents[3]))
    if importlib.util.find_spec("atheris") is None:
        sys.stderr.write("atheris is not installed: the readers are fuzzed by hypothesis only\n")
        return 0
    atheris = importlib.import_module("atheris")  # only the session `fuzz` has it
    with atheris.instrument_imports(include=["decnet_decoys"]):
        from tests.decnet_decoys.fuzz import fuzz_targets
    with tempfile.TemporaryDirectory() as found:
        for number, seed in enumerate(fuzz_targets.SEEDS[name]):
            Path(found, f"seed{number}").write_bytes(seed)
        flags = [f"-{flag}={value}" for flag, value in {"max_total_time": seconds, **LIMITS}.items()]
        atheris.Setup([sys.argv[0], *flags, found], fuzz_targets.TARGETS[name])
        atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
