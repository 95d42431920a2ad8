# SPDX-License-Identifier: MIT
"""What variables change of all that a shell prints: the order of names (LC_ALL), times (TZ, `time`), LD_PRELOAD."""
