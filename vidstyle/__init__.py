"""Stylizes film and video so that it holds still."""

__version__ = "0.1.0"
