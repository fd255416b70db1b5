"""Many shots: found, planned, named, rendered and remembered."""
