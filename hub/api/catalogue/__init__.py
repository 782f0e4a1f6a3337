"""The chain's catalogue."""
