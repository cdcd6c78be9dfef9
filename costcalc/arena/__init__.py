"""Memory for tensors that live from one step to another: schedules, and planners of addresses.

Nothing here speaks of layers: a schedule may be derived from a layer graph and a storage
(:mod:`costcalc.storing`), be read from a file of a runtime, or be one's own list of buffers.
"""
