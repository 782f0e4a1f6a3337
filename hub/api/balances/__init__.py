"""Balances of all accounts, for comparison by machines."""
