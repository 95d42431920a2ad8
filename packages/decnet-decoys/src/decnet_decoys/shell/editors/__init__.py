# SPDX-License-Identifier: MIT
"""Programs that take the whole screen: vi, nano, a pager. Sans-IO: keys in; what to show and what to save out."""
