# SPDX-License-Identifier: MIT
"""Syslog over UDP and TCP."""
