# SPDX-License-Identifier: MIT
"""What systemd is told about the fleet, as text: units, accounts, directories. Values in, text out (law 7)."""
