# SPDX-License-Identifier: MIT
"""Commands about software: what is installed, and what somebody wants to install."""
