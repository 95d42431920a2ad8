# SPDX-License-Identifier: MIT
"""The settings of this host: every value with where it comes from, and what is wrong with them."""
