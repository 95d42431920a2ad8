# SPDX-License-Identifier: MIT
"""Who may use the API: log-in, sessions, tokens, users, and the audit of what they did."""
