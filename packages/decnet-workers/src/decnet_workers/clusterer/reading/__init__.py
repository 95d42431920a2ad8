# SPDX-License-Identifier: MIT
"""What the computation of identities reads: the evidence, and how much of what is pending at once."""
