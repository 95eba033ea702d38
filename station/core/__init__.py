"""The vocabulary: values, ports and errors every room shares. No I/O, no clock."""
