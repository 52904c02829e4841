"""The other side of the benchmark: training loops as the code of a paper writes them, plain and step by step.

What they have in common: images are decoded one at a time by PIL and torchvision's transforms in a `DataLoader`, every
pass is in single precision and torch's default memory format, a mask is applied by hooks of `torch.nn.utils.prune` in
every forward pass, spectral normalization is torch's own, the optimizer is torch's `Adam` as it comes, losses are read
with `.item()` at every step and appended to a list, and moving averages are a loop over parameters. They compute what
ours does (`tests/perf/test_textbook.py`), and nothing in them is slow on purpose.
"""
