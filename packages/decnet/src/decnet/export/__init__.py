# SPDX-License-Identifier: MIT
"""Findings for other systems: STIX 2.1, MISP, ATT&CK Navigator, CSV. Documents are written piece by piece."""
