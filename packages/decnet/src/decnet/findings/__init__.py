# SPDX-License-Identifier: MIT
"""Listings of what the fleet found, page by page, over tables of several domains: for the API and whoever pages."""
