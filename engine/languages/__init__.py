"""The table of operations in five languages: Python, NumPy, torch, C, JavaScript."""
