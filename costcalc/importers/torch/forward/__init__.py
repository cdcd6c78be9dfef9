"""What needs PyTorch: finding a module, running it once, recording what it calls."""
