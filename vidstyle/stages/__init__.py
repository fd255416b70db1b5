"""Stream to stream: motion, stylize, blend, prefetch."""
