"""Checked material: pictures and runs of frames, divided once and for all into what is learned from and what is not."""
