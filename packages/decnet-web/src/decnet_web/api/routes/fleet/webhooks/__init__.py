# SPDX-License-Identifier: MIT
"""Receivers of notices: added, changed, tested; what was delivered to them and what was not."""
