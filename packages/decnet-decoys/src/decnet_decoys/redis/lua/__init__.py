# SPDX-License-Identifier: MIT
"""The part of Lua 5.1 that scripts of EVAL use: `grammar` reads it, `running` carries it out.

`library` is what a script finds. All is bounded: a loop or a recursion that would take long ends the script.
"""
