"""The simulated booth: products, damage, light and depth, rendered (extra `sim`)."""
