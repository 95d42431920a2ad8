# SPDX-License-Identifier: MIT
"""The SQL that intruders write, in bounds: statements are parsed, and tables hold the rows that are put into them."""
