# SPDX-License-Identifier: MIT
"""A small Python: programs are parsed by `ast` and walked, never compiled or run; every step and value is counted."""
