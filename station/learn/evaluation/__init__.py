"""How well a way of scoring tells good items from damaged ones (extra `data`)."""
