# SPDX-License-Identifier: MIT
"""The fleet's systemd files as text: units, accounts, directories. Values in, text out (law 7)."""
