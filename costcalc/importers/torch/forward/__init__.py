"""The part that needs PyTorch: importing a module, running it once, recording its calls."""
