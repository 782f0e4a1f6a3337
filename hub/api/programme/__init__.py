"""The chain's loyalty programme."""
