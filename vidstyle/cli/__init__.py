"""The command line: each command is a skin over one function of the library."""
