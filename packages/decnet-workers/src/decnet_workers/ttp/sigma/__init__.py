# SPDX-License-Identifier: MIT
"""Sigma rules (specification 2.0, SigmaHQ) on typed events; pure: text in, matchers out, no file, clock or database."""
