"""Reference views per product: build, load, compare."""
