# SPDX-License-Identifier: MIT
"""Commands that list, find, make, move and remove files, and change who may use them."""
