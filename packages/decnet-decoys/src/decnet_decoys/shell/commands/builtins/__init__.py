# SPDX-License-Identifier: MIT
"""Commands of the shell language itself: variables, conditions, control flow, running other commands."""
