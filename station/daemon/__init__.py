"""The composition root: builds a station, owns every thread."""
