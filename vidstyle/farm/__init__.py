"""Many machines: a pool of workers on engines that exist."""
