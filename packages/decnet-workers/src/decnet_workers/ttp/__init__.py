# SPDX-License-Identifier: MIT
"""Worker `ttp`: which ATT&CK techniques attackers used; `sigma/` compiles the rules, `rules/` are our own."""
