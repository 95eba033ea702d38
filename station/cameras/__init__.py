"""Frame sources behind one port: live, replayed, simulated; the frame pool."""
