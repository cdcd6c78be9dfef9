r"""Finds the repeated structure of a flat layer graph: steps, blocks and repeats.

Printers of networks in any language need the same things:

- A *line* is a layer with its norm and its activation (``lines``).
- A *step* is a line, a call of a block, or something that contains steps: a join of
  branches, a gated part, a sequence (``steps``, ``branches``).
- A *group* consists of the layers under one path (``groups``, ``tree``).
- An *instance* is an occurrence of a possible block: a group, or steps that resemble
  others (``groups``, ``patterns``).
- A *union* merges several instances.  Some instances may lack some of its steps.  Each
  attribute of a step is a *column*: the value in each instance, or none (``alignment``,
  ``columns``).
- An *expression* computes a column from *parameters*; a *condition* is an expression for
  which instances have a step (``parameters``, ``block_parameters``).
- A *block* consists of the steps of a union with expressions for what varies; a *call*
  sets its parameters (``steps``, ``finder``).
- A *repeat* is a step that stands for several equal ones (``repeats``).

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
