"""Migrations of the hub's main database. What has shipped is never changed."""
