# SPDX-License-Identifier: MIT
"""The worker `history`: keeps what summaries and searches are answered from."""
