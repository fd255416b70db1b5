"""Containers, codecs, planes and colours."""
