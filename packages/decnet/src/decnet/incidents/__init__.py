# SPDX-License-Identifier: MIT
"""Incidents as they are listed, shown on a page, acknowledged and closed."""
