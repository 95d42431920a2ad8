# SPDX-License-Identifier: MIT
"""Fleet: its modules say what is where."""
