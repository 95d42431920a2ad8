# SPDX-License-Identifier: MIT
"""The steps of a computation of identities: what features weigh, which are linked, and which follow others."""
