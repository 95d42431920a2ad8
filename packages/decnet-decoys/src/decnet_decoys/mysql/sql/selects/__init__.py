# SPDX-License-Identifier: MIT
"""SELECT: how it is written, where its rows come from, and what is made of them."""
