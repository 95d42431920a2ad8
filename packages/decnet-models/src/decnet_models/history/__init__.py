# SPDX-License-Identifier: MIT
"""What summaries and searches are answered from without reading the event log: counts by hour, and an index of words.

Tables: hourly_count, hourly_attacker, hourly_value, search_word, all written by history.
"""
