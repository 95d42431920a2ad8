# SPDX-License-Identifier: MIT
"""What others know about an indicator, kept as long as each of them allows, and what may still be asked today.

Tables: intel, provider_quota, written by enrich.
"""
