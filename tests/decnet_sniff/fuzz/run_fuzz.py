# SPDX-License-Identifier: MIT
"""Fuzz one target for a bounded time: `python run_fuzz.py TARGET SECONDS` (`nox -s fuzz` runs all).

With atheris it is guided by coverage (libFuzzer). Where that cannot be installed, inputs of the corpus are mutated
without such guidance. Either way the first input that misbehaves ends the run, and is written to the working directory.
"""

from __future__ import annotations

import importlib.util
import random
import sys
import tempfile
import time
from pathlib import Path

MAX_BYTES = 8192
RSS_LIMIT_MIB = 512


def guided(name: str, seconds: int) -> None:
    """Run libFuzzer; it leaves the process when the time is over, or with the trace of a failure."""
    atheris = importlib.import_module("atheris")  # only the session `fuzz` has it
    with atheris.instrument_imports(include=["decnet_sniff"]):
        from tests.decnet_sniff.fuzz import fuzz_targets
    with tempfile.TemporaryDirectory() as found:
        limits = {"max_total_time": seconds, "max_len": MAX_BYTES, "rss_limit_mb": RSS_LIMIT_MIB, "timeout": 10}
        flags = [f"-{flag}={value}" for flag, value in limits.items()]
        # What is found goes to the first folder: never into the corpus that is kept.
        atheris.Setup([sys.argv[0], *flags, found, str(fuzz_targets.CORPUS / name)], fuzz_targets.TARGETS[name])
        atheris.Fuzz()


def unguided(name: str, seconds: int, seed: int = 0) -> int:
    """Mutate inputs of the corpus; return how many were tried."""
    from tests.decnet_sniff.fuzz import fuzz_targets

    chance = random.Random(seed)
    corpus, target, tried = fuzz_targets.seeds(name), fuzz_targets.TARGETS[name], 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        data = mutated(chance, corpus)
        try:
            target(data)
        except Exception:
            Path(f"crash-{name}.bin").write_bytes(data)
            raise
        tried += 1
    return tried


def mutated(chance: random.Random, corpus: list[bytes]) -> bytes:
    """An input with a few bits, bytes or lengths changed, cut off, or put together of two."""
    data = bytearray(chance.choice(corpus))
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(data) + 1)
        match chance.randrange(7):
            case 0 if data:
                data[at % len(data)] ^= 1 << chance.randrange(8)
            case 1:
                data[at : at + 2] = chance.choice((b"\0\0", b"\xff\xff", b"\x7f\xff", b"\0\1"))
            case 2:
                del data[at:]
            case 3:
                del data[at : at + chance.randint(1, 40)]
            case 4:
                data[at:at] = chance.randbytes(chance.randint(1, 40))
            case 5:
                data[at:at] = data[: chance.randint(1, 200)]
            case _:
                other = chance.choice(corpus)
                data[at:] = other[chance.randrange(len(other) + 1) :]
    return bytes(data[:MAX_BYTES])


if __name__ == "__main__":
    name, seconds = sys.argv[1], int(sys.argv[2])
    if importlib.util.find_spec("atheris"):
        guided(name, seconds)
    else:
        sys.stdout.write(f"{name}: {unguided(name, seconds)} inputs, without atheris\n")
