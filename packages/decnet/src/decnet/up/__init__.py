# SPDX-License-Identifier: MIT
"""`decnet up`: one fleet on one state directory, brought up, watched and taken down again."""
