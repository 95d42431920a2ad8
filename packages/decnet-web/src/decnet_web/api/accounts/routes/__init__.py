# SPDX-License-Identifier: MIT
"""Routes of log-in, the own account, users, tokens and the audit."""
