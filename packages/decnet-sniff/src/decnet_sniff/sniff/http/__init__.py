# SPDX-License-Identifier: MIT
"""Http: its modules say what is where."""
