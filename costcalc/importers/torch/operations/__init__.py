"""The rules of PyTorch's functions, collected by ``..table``."""
