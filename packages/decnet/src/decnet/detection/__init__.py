# SPDX-License-Identifier: MIT
"""The rules of `ttp` for whoever edits them: which there are, and what a rule would find, tried in a child process."""
