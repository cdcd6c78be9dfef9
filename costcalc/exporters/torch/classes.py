"""The classes of a network's code: from its tree, blocks before those that hold them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from costcalc.exporters.torch.arranging import arranged
from costcalc.exporters.torch.docs import class_doc, network_doc
from costcalc.exporters.torch.lowering import Run, chain, lowered
from costcalc.exporters.torch.module_class import ModuleClass
from costcalc.exporters.torch.names import class_name, variable
from costcalc.exporters.torch.pieces import Module
from costcalc.exporters.torch.sharing import Sharing, Site, calling, handed
from costcalc.exporters.torch.steps import (
    CALL,
    Body,
    Ref,
    Step,
    is_chain,
    parts,
    sequential,
)
from costcalc.exporters.torch.tree import Group, Leaf, groups, tree
from costcalc.exporters.torch.unions import Instance, union, variants
from costcalc.graph.layer import NETWORK_INPUT, LayerGraph
from costcalc.names import FreeNames


class Written(NamedTuple):
    """A class that is to be written."""

    blueprint: ModuleClass
    doc: list[str]


class Classes:
    """Finds the classes of a graph; the network's is the last.

    Raises:
        SpecError: PyTorch cannot express some layers; all of them are named.
    """

    def __init__(self, graph: LayerGraph) -> None:
        self.graph = graph
        self.shapes = {index: layer.output for index, layer in enumerate(graph.layers)}
        self.shapes[NETWORK_INPUT] = graph.input
        self.root = tree(graph)
        self.runs = lowered(graph, list(self.root.leaves))
        self.sharing = Sharing(self.root, self.runs)
        self.found: list[Written] = []
        self.class_names = FreeNames([class_name(graph.name)])
        self.fused: dict[tuple[Leaf, int], Module] = {}
        """The module of a leaf's run, where it is of a class."""
        self.modules: dict[str, Module] = {}
        """The module of each group, by its path."""
        self._fuse()
        self._build()

    def _fuse(self) -> None:
        """Classes of a convolution with its norm and its activation, and of others like it."""
        families: dict[tuple[str, ...], dict[tuple[Leaf, int], Run]] = {}
        for leaf in self.root.leaves:
            for index, run in enumerate(self.runs[leaf]):
                if run.words:
                    families.setdefault(run.roles, {})[leaf, index] = run
        for runs in families.values():
            if len(runs) > 1:
                columns = zip(*(run.words for run in runs.values()), strict=True)
                words = [one[0] if len(set(one)) == 1 else "Act" for one in columns]
                instances = [chain(leaf.path, run) for (leaf, _), run in runs.items()]
                modules = self._classes(words, instances, "nn.Sequential")
                self.fused.update(zip(runs, modules, strict=True))

    def _classes(
        self, words: Sequence[str], instances: Sequence[Instance], base: str
    ) -> list[Module]:
        """The module of each instance, after their classes were added."""
        modules: dict[int, Module] = {}
        for variant in variants(instances):
            alone = [_alone(each) for each in variant.members]
            if None not in alone:
                modules.update(zip(variant.numbers, filter(None, alone), strict=True))
                continue
            name = self.class_names.free(class_name(" ".join((*words, variant.suffix))))
            blueprint = ModuleClass(name, variant.members, variant.union, base)
            self.found.append(Written(blueprint, class_doc(words, variant.members)))
            for place, number in enumerate(variant.numbers):
                modules[number] = blueprint.module(place)
        return [modules[number] for number in range(len(instances))]

    def _build(self) -> None:
        """Classes of groups, family by family, as soon as those of all they hold are known."""
        pending = [group for group in groups(self.root) if self._has_module(group)]
        pending.remove(self.root)
        while pending:
            families: dict[str, list[Group]] = {}
            waiting = set()
            for group in pending:
                if self._is_ready(group):
                    families.setdefault(group.family, []).append(group)
                else:
                    waiting.add(group.family)
            for family in [name for name in families if name not in waiting] or [*families][:1]:
                self._family(family, families[family])
            pending = [group for group in pending if group.path not in self.modules]
        instance = self._instance(self.root)
        network = union([instance])
        if network is None:
            raise AssertionError("an instance alone is a class")
        blueprint = ModuleClass(class_name(self.graph.name), [instance], network, "nn.Module")
        self.found.append(Written(blueprint, network_doc(self.graph)))

    def _has_module(self, group: Group) -> bool:
        """Whether it has a module of its own, as one that shares another's has not."""
        around = self.sharing.around(group)
        return group.owner is None and all(each.owner is None for each in around)

    def _is_ready(self, group: Group) -> bool:
        inner = (child for child in group.children if isinstance(child, Group))
        return all(child.path in self.modules or not self._has_module(child) for child in inner)

    def _family(self, name: str, members: Sequence[Group]) -> None:
        """Modules of groups that may be one class; a branch that is a mere row has none."""
        instances = {group: self._instance(group) for group in members}
        for group, instance in [*instances.items()]:
            row = _row(instance)
            if row and not group.is_block:
                self.modules[group.path] = sequential(row)
                del instances[group]
        if instances:
            modules = self._classes((name,), [*instances.values()], "nn.Module")
            for group, module in zip(instances, modules, strict=True):
                self.modules[group.path] = module

    def _instance(self, group: Group) -> Instance:
        tensors = tuple(group.inputs.values())
        refs = {tensor: Ref("", tensors.index(tensor)) for tensor in tensors}
        sites = self.sharing.at.get(group, [])
        steps = [step for site in sites for step in self._built(site)]
        for child in group.children:
            if isinstance(child, Group):
                inputs = tuple(refs[tensor] for tensor in child.inputs.values())
                steps.append(self._group(child, inputs, sites))
            else:
                inputs = tuple(refs[tensor] for tensor in child.reads) or (Ref(""),)
                steps += self._leaf(child, inputs, sites)
            last = steps[-1].key
            refs |= {tensor: Ref(last, index) for index, tensor in enumerate(child.gives)}
        body = Body(tuple(steps), tuple(refs[tensor] for tensor in group.gives))
        body = arranged(body, group is self.root)
        names = [variable(name, "input") for name in group.inputs]
        return Instance(
            group.path,
            tensors,
            body.steps,
            body.outputs,
            self._facts(group),
            ("x",) if len(names) == 1 else tuple(names),
        )

    def _built(self, site: Site) -> Iterator[Step]:
        """The modules of a site, which its users are handed."""
        if isinstance(site.owner, Group):
            yield Step(site.shared().name, "", self.modules[site.owner.path], {}, ())
            return
        for index, run in enumerate(self.runs[site.owner]):
            module = self._module(site.owner, index)
            if module is not None and run.is_stateful:
                yield Step(site.shared(run.suffix).name, "", module, {}, ())

    def _group(self, group: Group, inputs: tuple[Ref, ...], sites: Sequence[Site]) -> Step:
        site = self.sharing.of.get(group)
        step = Step(
            group.key,
            CALL,
            None,
            {},
            inputs,
            len(group.gives),
            group.is_named,
            prefix=group.family if group.is_block else "branch",
            is_block=True,
        )
        if not group.gives:
            step = step._replace(forward="", inputs=())
        if site is not None and not site.is_local:
            return calling(step, site.shared(), sites)
        if site is not None and group is not site.owner:
            return step._replace(calls=site.owner.key)
        return step._replace(module=handed(self.modules[group.path], sites))

    def _leaf(self, leaf: Leaf, inputs: tuple[Ref, ...], sites: Sequence[Site]) -> Iterator[Step]:
        site = self.sharing.of.get(leaf)
        for index, run in enumerate(self.runs[leaf]):
            step = Step(
                f"{leaf.key}{run.suffix}",
                run.forward,
                self._module(leaf, index),
                run.pieces[0].numbers,
                inputs,
                is_named=leaf.is_named and not run.suffix,
                short=run.suffix.strip(":"),
                prefix=leaf.layers[0].kind.name,
            )
            if site is not None and run.is_stateful:
                if not site.is_local:
                    step = calling(step, site.shared(run.suffix), sites, site.is_like(leaf))
                elif leaf is not site.owner:
                    step = step._replace(module=None, calls=f"{site.owner.key}{run.suffix}")
            yield step if leaf.is_read else step._replace(forward="", inputs=())
            inputs = (Ref(step.key),)

    def _module(self, leaf: Leaf, index: int) -> Module | None:
        return self.fused.get((leaf, index)) or self.runs[leaf][index].module

    def _facts(self, group: Group) -> Mapping[str, int]:
        """Numbers that a group is known by: channels that it reads, its block's parameters."""
        facts: dict[str, int] = {}
        for name, tensor in group.inputs.items():
            word = "in" if len(group.inputs) == 1 else name
            facts |= {f"{word}_channels": side for side in self.shapes[tensor][:1]}
        if group.call is not None:
            arguments = group.call.arguments.items()
            facts |= {name: value for name, value in arguments if isinstance(value, int)}
        for side in self.shapes[group.gives[0]][:1] if group.gives else ():
            facts.setdefault("out_channels", side)
        return facts


def _row(instance: Instance) -> list[Module]:
    """The modules of an instance that is nothing but one after another; else none."""
    if not is_chain(instance.steps) or instance.outputs != (Ref(instance.steps[-1].key),):
        return []
    modules = (step.module for step in instance.steps)
    return [part for each in modules if isinstance(each, Module) for part in parts(each)]


def _alone(instance: Instance) -> Module | None:
    """The module of an instance that consists of it alone, and needs no class around it."""
    row = _row(instance)
    return sequential(row) if len(instance.steps) == 1 and row else None
