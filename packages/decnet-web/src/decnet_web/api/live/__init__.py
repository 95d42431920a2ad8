# SPDX-License-Identifier: MIT
"""What is new, as it happens (`stream`), the figures for Prometheus, and whether the API is alive and ready."""
