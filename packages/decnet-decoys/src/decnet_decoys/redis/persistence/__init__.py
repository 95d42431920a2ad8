# SPDX-License-Identifier: MIT
"""The databases in a file: its format, and the one that a restarted server reads."""
