"""What a run would give in what is seen, while something is being set: the visible part, the histogram, the layer."""
