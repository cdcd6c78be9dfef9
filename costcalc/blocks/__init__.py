r"""Repeated structure, found once: a flat layer graph as steps, blocks and repeats.

Those who print a network as a text for people ask for the same things, whatever their
language is.  They are called here:

- A *line* is a layer with the norm and the activation that belong to it (``lines``).
- A *step* is a line, or what holds others: a join of branches, a gated part, a
  sequence, a call of a block (``steps``, ``branches``).
- A *group* is what a path in the layers' names holds (``groups``, ``tree``).
- An *instance* is a place of the network where a block may stand: a group, or steps
  that are like others (``groups``, ``patterns``).
- A *union* is several instances as one.  A step of it is there in all of them or in
  some, and what it says is a *column*: a value for each instance, or none
  (``alignment``, ``columns``).
- An *expression* says a column in *parameters*; a *condition* is one that says which
  instances have a step (``parameters``, ``block_parameters``).
- A *block* is a union's steps with expressions for what varies; a *call* gives its
  parameters (``steps``, ``finder``).
- A *repeat* is a step that stands for several of the same (``repeats``).

>>> from costcalc.blocks.finder import structures
>>> from costcalc.graph.expand import expand
>>> from costcalc.spec.reader import read
>>> lines = "".join(
...     f"  - residual: [pointwise: {n}, depthwise: {k}, pointwise: 8]\n"
...     for n, k in ((16, 3), (32, 5), (48, 7))
... )
>>> spec = f"input: [8, 32, 32]\nlayers:\n{lines}"
>>> network = next(structures(expand(read(spec.encode(), "net.yaml", lambda name: None), {})))
>>> {step.word for step in network.steps}
{'residual_block'}
>>> [step.values for step in network.steps]
[{'hidden': 16, 'k': 3}, {'hidden': 32, 'k': 5}, {'hidden': 48, 'k': 7}]
>>> join, = network.blocks["residual_block"].steps
>>> [step.values.get("out", step.values.get("kernel")) for step in join.parts[1].steps]
[Formula(text='hidden'), Formula(text='k'), 8]
"""
