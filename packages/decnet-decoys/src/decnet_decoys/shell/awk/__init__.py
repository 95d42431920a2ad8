# SPDX-License-Identifier: MIT
"""The language of awk (POSIX.1-2017, awk): text to a tree, and a tree that is run as a generator of effects."""
