# SPDX-License-Identifier: MIT
"""The tests; one folder mirrors each distribution, `fleet` has those of the whole."""
