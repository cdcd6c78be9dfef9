"""What a network needs in flash and RAM under a storage."""
