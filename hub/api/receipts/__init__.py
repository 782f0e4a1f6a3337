"""Receipts as the stores sent them."""
