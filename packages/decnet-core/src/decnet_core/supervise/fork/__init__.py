# SPDX-License-Identifier: MIT
"""Fork: its modules say what is where."""
