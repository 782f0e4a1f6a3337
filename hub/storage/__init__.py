"""The hub's database: tables, merges, feeds, and the key store beside it."""
