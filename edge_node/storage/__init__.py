"""The node's SQLite database: schema, the one writer, cells, and the log."""
