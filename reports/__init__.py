"""Verdicts as documents for readers: an HTML page and JUnit XML."""
