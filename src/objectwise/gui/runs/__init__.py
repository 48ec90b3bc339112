"""What Run does: a job made of what is chosen, done in another thread, and the bar that shows how far it is."""
