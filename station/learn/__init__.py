"""Building and exporting models (extra `train`)."""
