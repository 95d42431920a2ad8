# SPDX-License-Identifier: MIT
"""Rules of ttp: their state and hits, and the editor of the operator's own with its check."""
