# SPDX-License-Identifier: MIT
"""The DNS receiver: `wire` and `zone` are pure, `resolver` owns the connections."""
