# SPDX-License-Identifier: MIT
"""Spans of time in nanoseconds, the unit of all times in events and tables."""

SECOND_NS = 1_000_000_000
MINUTE_NS = 60 * SECOND_NS
HOUR_NS = 60 * MINUTE_NS
DAY_NS = 24 * HOUR_NS
