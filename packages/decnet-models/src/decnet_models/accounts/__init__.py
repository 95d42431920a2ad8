# SPDX-License-Identifier: MIT
"""Who may use the API and the dashboard, their tokens and sessions, and what they did.

Tables: account, api_token, web_session, login_throttle, audit_entry, written by the operator (API and commands). No
credential is stored in the clear: passwords as a hash that the caller made (argon2id), tokens and session cookies as
SHA-256 (they are random), TOTP secrets encrypted by the caller. The table of users is `account`, because `user` is
reserved in SQL: on PostgreSQL `SELECT * FROM user` returns the name of the database role.
"""
