"""What people look at in the morning: a reel of the edit, contact sheets, one page."""
