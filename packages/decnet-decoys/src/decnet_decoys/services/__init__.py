# SPDX-License-Identifier: MIT
"""Services: its modules say what is where."""
