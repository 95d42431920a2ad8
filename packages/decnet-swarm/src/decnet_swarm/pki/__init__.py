# SPDX-License-Identifier: MIT
"""The fleet's own certificate authority: enrolment with one-time tokens, roles, renewal and revocation."""
