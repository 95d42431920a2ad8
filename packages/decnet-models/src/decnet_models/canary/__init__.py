# SPDX-License-Identifier: MIT
"""The canary tokens that were planted, and the documents made from them.

Tables: canary_token, canary_blob, canary_planting, written by the operator. The receiver does not read them: a token
proves itself (`decnet_core.canary`). They record where each was planted.
"""
