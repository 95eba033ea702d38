"""Which product is it: barcode and the announced item."""
