"""What `station bench` measures, each as figures and as ratios within one run."""
