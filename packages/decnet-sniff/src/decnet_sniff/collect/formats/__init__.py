# SPDX-License-Identifier: MIT
"""The log formats that are understood: one pure parser each, from a record to its outcome."""
