# SPDX-License-Identifier: MIT
"""The labels of a decky's container that `reconciler` sets and `collect` reads: the engine says them, not the log."""

DECKY_LABEL = "decnet.decky"
"""Which decky it is."""
FORMAT_LABEL = "decnet.format"
"""In which format it logs, as `collect` names it."""
