# SPDX-License-Identifier: MIT
"""Who may use the API and the dashboard: users, one-time links and tokens, for the command and the API alike."""
