# SPDX-License-Identifier: MIT
"""What all commands share on the command line: their common options, and how errors become one line."""
