"""What a plan will cost in time, memory and disk, and what its claims can decide: before anything is run."""
