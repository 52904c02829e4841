"""ticketbench: a reproducibility benchmark for lottery tickets in deep generative models."""
