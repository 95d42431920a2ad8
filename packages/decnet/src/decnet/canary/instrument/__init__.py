# SPDX-License-Identifier: MIT
"""Puts a token into a document that exists: pure functions, run in a short-lived child with limits."""
