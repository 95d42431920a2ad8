# SPDX-License-Identifier: MIT
"""The binary protocol: prepared statements, their commands, and the form of their values."""
