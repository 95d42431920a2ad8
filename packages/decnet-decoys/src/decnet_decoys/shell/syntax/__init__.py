# SPDX-License-Identifier: MIT
"""From the text of a command line to its syntax tree (POSIX.1-2017, Shell Command Language, and bash's additions)."""
