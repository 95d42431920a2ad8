# SPDX-License-Identifier: MIT
"""Transport: its modules say what is where."""
