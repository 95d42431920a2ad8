# SPDX-License-Identifier: MIT
"""The canary tokens that were planted, and the documents made of them.

Tables: canary_token, canary_blob, written by the operator.

The receiver does not read it: a token proves itself (`decnet_core.canary`). This says where each was planted.
"""
