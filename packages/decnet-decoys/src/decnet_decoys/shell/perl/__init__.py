# SPDX-License-Identifier: MIT
"""The language Perl as far as one-liners and intruders' scripts use it; it is played, nothing is ever run."""
