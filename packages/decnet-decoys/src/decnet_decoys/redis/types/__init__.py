# SPDX-License-Identifier: MIT
"""The commands of each type of value beyond those of `keys` and `sets`: what tools that copy a server ask it."""
