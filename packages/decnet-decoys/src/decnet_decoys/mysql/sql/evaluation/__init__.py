# SPDX-License-Identifier: MIT
"""What expressions are worth: scopes, operators, functions of a session and of groups of rows."""
