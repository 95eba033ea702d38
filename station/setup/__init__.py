"""The technician's procedures."""
