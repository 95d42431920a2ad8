# SPDX-License-Identifier: MIT
"""Features that many have by default: `commodity.tsv`, with the bits that each is worth at most."""

from functools import cache
from importlib.resources import files

from decnet_models.grouping.values import digest

Key = tuple[str, str]
"""Kind and digest of a feature."""


@cache
def limits() -> dict[Key, float]:
    """Return the bits at most of each commodity feature."""
    lines = files(__package__).joinpath("commodity.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return {(kind, digest(value)): float(bits) for kind, bits, value, _ in rows}
