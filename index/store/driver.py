"""SQLite's own connection, beneath SQLAlchemy's."""

from __future__ import annotations

import sqlite3

from sqlalchemy import Connection


def driver(connection: Connection) -> sqlite3.Connection:
    """
    Return SQLite's own connection, in the same transaction.

    A question asks some thirty things of the store: SQLAlchemy takes longer over most than SQLite does.
    """
    own = connection.connection.driver_connection
    assert isinstance(own, sqlite3.Connection)
    return own
