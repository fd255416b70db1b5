"""What to render."""
