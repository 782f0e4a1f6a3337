"""What the live console page needs."""
