"""Networks that fail on demand."""
