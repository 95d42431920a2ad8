# SPDX-License-Identifier: MIT
"""Reading and writing many rows with statements that are compiled once."""
