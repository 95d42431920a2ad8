# SPDX-License-Identifier: MIT
"""The language of sed (POSIX.1-2017, sed; GNU sed): a script to commands, and commands that are run on lines."""
