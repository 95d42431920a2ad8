# SPDX-License-Identifier: MIT
"""What an intruder can run; each function answers for a command and executes nothing.

One module per subject; `registry` names the modules and `@command` the commands.
"""
