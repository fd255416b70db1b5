"""Other people's checkpoints: read without running them, told apart by their keys, and written out again."""
