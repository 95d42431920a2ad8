# SPDX-License-Identifier: MIT
"""JSON lines of any program: mapping files that say which of its fields is which of ours, checked when loaded."""
