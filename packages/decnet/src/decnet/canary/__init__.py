# SPDX-License-Identifier: MIT
"""`decnet canary`: canary tokens and where they can be reached."""
