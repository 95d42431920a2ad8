# SPDX-License-Identifier: MIT
"""The kinds of canary tokens: what is made of a token, what trips it and what that reveals.

A kind is a module with a `KIND` and a line in `registry`.
"""
