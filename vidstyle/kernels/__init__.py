"""Loops over the pixels of a frame, compiled by Numba for the processor that they run on.

What torch and OpenCV can only do as a dozen passes over memory is one pass here. Each has its formula in torch beside
its caller, which is what other devices, other types and gradients go through; tests hold the two together. Nothing
here knows what a pixel shows.
"""
