# SPDX-License-Identifier: MIT
"""Clients of systemd's daemons besides systemctl: sessions and the clock."""
