# SPDX-License-Identifier: MIT
"""The attacks, by what they aim at; `catalogue.py` joins them."""
