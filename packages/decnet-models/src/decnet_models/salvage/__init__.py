# SPDX-License-Identifier: MIT
"""Saves what can be read of a damaged SQLite database into a new file, which the fleet can use."""
