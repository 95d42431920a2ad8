# SPDX-License-Identifier: MIT
"""The live screen of `decnet up` at a terminal."""
