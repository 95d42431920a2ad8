# SPDX-License-Identifier: MIT
"""What the server tells of itself, as data read off a real one."""
