# SPDX-License-Identifier: MIT
"""JSON lines of any program, by mapping files that are checked when loaded."""
