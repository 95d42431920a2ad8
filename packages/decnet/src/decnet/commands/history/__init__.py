# SPDX-License-Identifier: MIT
"""Commands that tell what happened in a span of time."""
