# SPDX-License-Identifier: MIT
"""The part of Lua 5.1 that scripts of EVAL use: `grammar` reads it, `running` carries it out.

`library` is what a script finds. Without functions of its own and without loops that would take long; all is bounded.
"""
