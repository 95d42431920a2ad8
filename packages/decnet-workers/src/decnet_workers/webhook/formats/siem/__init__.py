# SPDX-License-Identifier: MIT
"""Formats of log stores and SIEMs; those that are one line also travel by syslog and to a file."""
