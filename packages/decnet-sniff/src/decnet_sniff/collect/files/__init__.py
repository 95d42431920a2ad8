# SPDX-License-Identifier: MIT
"""Files: its modules say what is where."""
