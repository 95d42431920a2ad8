# SPDX-License-Identifier: MIT
"""The supported log formats: one pure parser each, from a record to its outcome."""
