"""Tuning: from what the station's rooms say of known items to fusion weights and figures (extra `data`)."""
