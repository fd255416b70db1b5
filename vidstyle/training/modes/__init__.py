"""What is trained, and what it is punished for: one file a mode."""
