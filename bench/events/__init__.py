"""Events made up from a seed, as many as are wanted, that repeat themselves as those of a real fleet do."""
