# SPDX-License-Identifier: MIT
"""The transactional outbox. Table: notice. Any worker writes it in its own transaction; webhook and streams read it."""
