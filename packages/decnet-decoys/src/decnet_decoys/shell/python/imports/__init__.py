# SPDX-License-Identifier: MIT
"""Modules that intruders' Python programs import: what they tell of the machine, and what they would do."""
