"""The types that one part of the project hands to another: frozen, strict, and free of torch."""
