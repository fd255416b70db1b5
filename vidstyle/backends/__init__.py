"""How a generator is executed."""
