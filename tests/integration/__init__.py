"""The whole chain as real processes on real databases and a real broker."""
