"""Where pixels went, what can't be trusted, and where a shot ends."""
