"""What a network needs in flash and RAM under a storage: schedules of layer graphs, and memory's answers."""
