"""The damage station: see an item, judge it, and tell the packing line."""
