# SPDX-License-Identifier: MIT
"""What commands and Web clients' names for themselves say, from their texts alone."""
