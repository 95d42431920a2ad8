# SPDX-License-Identifier: MIT
"""The steps of a computation of identities: what features weigh, and which are linked."""
