# SPDX-License-Identifier: MIT
"""What other parties know about an indicator, stored as long as each allows, and the quota of queries.

Tables: intel, intel_verdict, provider_quota, written by enrich; intel_request, which the operator writes, too.
"""
