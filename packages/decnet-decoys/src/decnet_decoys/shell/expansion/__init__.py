# SPDX-License-Identifier: MIT
"""From words of the syntax tree to arguments: parameters, arithmetic, fields, path names (POSIX.1-2017, §2.6)."""
