# SPDX-License-Identifier: MIT
"""What an intruder can run; each function answers for a command and executes nothing.

A module per subject. `programs` finds the modules in these folders by itself, and the commands by `@command`.
"""
