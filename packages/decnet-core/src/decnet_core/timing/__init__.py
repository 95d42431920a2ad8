# SPDX-License-Identifier: MIT
"""Units of time, times as text, pauses after failures, and the beat at which periodic work is done."""
