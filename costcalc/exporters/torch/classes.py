"""The classes of a network's code, from its tree: inner blocks before outer ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from costcalc.blocks.tree import Group, LayerLine, groups, tree
from costcalc.exporters.torch.arranging import arranged
from costcalc.exporters.torch.lowering import FusedModule, instance_of, lowered
from costcalc.exporters.torch.module_class import ModuleClass
from costcalc.exporters.torch.modules import (
    CALL,
    Module,
    ModuleBody,
    ModuleStep,
    TensorRef,
    is_chain,
    parts,
    sequential,
)
from costcalc.exporters.torch.names import class_name, variable
from costcalc.exporters.torch.sharing import SharedModule, Sharing, calling, resolved
from costcalc.exporters.torch.unions import ModuleInstance, variants
from costcalc.graph.layer import NETWORK_INPUT, LayerGraph
from costcalc.names import FreeNames


def classes(graph: LayerGraph) -> list[ModuleClass]:
    """The classes of a graph; the network's own is the last.

    Raises:
        SpecError: PyTorch cannot express some layers; all of them are named.
    """
    return _Classes(graph).classes


class _Classes:
    def __init__(self, graph: LayerGraph) -> None:
        name = class_name(graph.name)
        self.shapes = {index: layer.output for index, layer in enumerate(graph.layers)}
        self.shapes[NETWORK_INPUT] = graph.input
        self.root = tree(graph)
        self.lowered = lowered(graph, list(self.root.lines))
        self.sharing = Sharing(self.root, self.lowered)
        self.classes: list[ModuleClass] = []
        self.class_names = FreeNames([name])
        self.of_class: dict[tuple[LayerLine, int], Module] = {}
        """The modules of lines that have a class, by line and place in it."""
        self.modules: dict[str, Module] = {}
        """The module of each group, by its path."""
        self._fuse()
        self._build()
        (network,) = variants([self._instance(self.root)])
        self.classes.append(ModuleClass(name, network.members, network.union, "nn.Module"))

    def _fuse(self) -> None:
        """Adds classes of lines that recur: a convolution with its norm and activation."""
        families: dict[tuple[str, ...], dict[tuple[LayerLine, int], FusedModule]] = {}
        for line in self.root.lines:
            for place, fused in enumerate(self.lowered[line]):
                if fused.words:
                    families.setdefault(fused.roles, {})[line, place] = fused
        for family in families.values():
            if len(family) > 1:
                columns = zip(*(fused.words for fused in family.values()), strict=True)
                words = [one[0] if len(set(one)) == 1 else "Act" for one in columns]
                instances = [instance_of(line.path, fused) for (line, _), fused in family.items()]
                modules = self._classes(words, instances, "nn.Sequential")
                self.of_class.update(zip(family, modules, strict=True))

    def _classes(
        self, words: Sequence[str], instances: Sequence[ModuleInstance], base: str
    ) -> list[Module]:
        """Adds the classes of the instances; the module of each instance."""
        modules: dict[int, Module] = {}
        for variant in variants(instances):
            singles = [_single(instance) for instance in variant.members]
            if None not in singles:
                modules.update(zip(variant.numbers, filter(None, singles), strict=True))
                continue
            name = self.class_names.free(class_name(" ".join((*words, variant.suffix))))
            added = ModuleClass(name, variant.members, variant.union, base, tuple(words))
            self.classes.append(added)
            for place, number in enumerate(variant.numbers):
                modules[number] = added.module(place)
        return [modules[number] for number in range(len(instances))]

    def _build(self) -> None:
        """Adds the classes of groups, family by family, once those of all inner groups exist."""
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

    def _has_module(self, group: Group) -> bool:
        """Whether it has a module of its own, not another's."""
        around = self.sharing.around(group)
        return group.owner is None and all(outer.owner is None for outer in around)

    def _is_ready(self, group: Group) -> bool:
        inner = (child for child in group.children if isinstance(child, Group))
        return all(child.path in self.modules or not self._has_module(child) for child in inner)

    def _family(self, name: str, members: Sequence[Group]) -> None:
        """Finds the modules of groups of one family; a branch that is a chain needs no class."""
        instances: dict[str, ModuleInstance] = {}
        for group in members:
            instance = self._instance(group)
            chain = [] if group.is_block else _chain(instance)
            if chain:
                self.modules[group.path] = sequential(chain)
            else:
                instances[group.path] = instance
        if instances:
            modules = self._classes((name,), [*instances.values()], "nn.Module")
            self.modules.update(zip(instances, modules, strict=True))

    def _instance(self, group: Group) -> ModuleInstance:
        tensors = tuple(group.inputs.values())
        refs = {tensor: TensorRef("", tensors.index(tensor)) for tensor in tensors}
        shared = self.sharing.at.get(group, ())
        steps = [step for module in shared for step in self._built(module)]
        built = self.sharing.built(group)
        for child in group.children:
            if isinstance(child, Group):
                inputs = tuple(refs[tensor] for tensor in child.inputs.values())
                steps.append(self._group(child, inputs, built))
            else:
                inputs = tuple(refs[tensor] for tensor in child.reads) or (TensorRef(""),)
                steps += self._line(child, inputs, built)
            last = steps[-1].key
            refs |= {tensor: TensorRef(last, index) for index, tensor in enumerate(child.outputs)}
        body = ModuleBody(tuple(steps), tuple(refs[tensor] for tensor in group.outputs))
        body = arranged(body, group is self.root)
        names = [variable(name, "input") for name in group.inputs]
        return ModuleInstance(
            group.path,
            tensors,
            body.steps,
            body.outputs,
            self._facts(group),
            ("x",) if len(names) == 1 else tuple(names),
        )

    def _built(self, shared: SharedModule) -> Iterator[ModuleStep]:
        """Steps that only build a shared module."""
        if isinstance(shared.owner, Group):
            module = self.modules[shared.owner.path]
            yield ModuleStep(shared.ref().name, "", module, {}, ())
            return
        for place, fused in enumerate(self.lowered[shared.owner]):
            own = self._module(shared.owner, place)
            if own is not None and fused.is_stateful:
                yield ModuleStep(shared.ref(fused.suffix).name, "", own, {}, ())

    def _group(
        self, group: Group, inputs: tuple[TensorRef, ...], built: frozenset[str]
    ) -> ModuleStep:
        shared = self.sharing.of.get(group)
        step = ModuleStep(
            group.key,
            CALL,
            None,
            {},
            inputs,
            len(group.outputs),
            group.is_named,
            prefix=group.family if group.is_block else "branch",
            is_block=True,
        )
        if not group.outputs:
            step = step._replace(forward="", inputs=())
        if shared is not None and not shared.is_local:
            return calling(step, shared.ref(), built)
        if shared is not None and group is not shared.owner:
            return step._replace(calls=shared.owner.key)
        return step._replace(module=resolved(self.modules[group.path], built))

    def _line(
        self, line: LayerLine, inputs: tuple[TensorRef, ...], built: frozenset[str]
    ) -> Iterator[ModuleStep]:
        shared = self.sharing.of.get(line)
        for place, fused in enumerate(self.lowered[line]):
            step = ModuleStep(
                f"{line.key}{fused.suffix}",
                fused.lines[0].forward,
                self._module(line, place),
                fused.lines[0].numbers,
                inputs,
                is_named=line.is_named and not fused.suffix,
                short=fused.suffix.strip(":"),
                prefix=line.layers[0].kind.name,
            )
            if shared is not None and fused.is_stateful:
                if not shared.is_local:
                    is_like = line not in shared.unlike
                    step = calling(step, shared.ref(fused.suffix), built, is_like)
                elif line is not shared.owner:
                    step = step._replace(module=None, calls=f"{shared.owner.key}{fused.suffix}")
            yield step if line.is_read else step._replace(forward="", inputs=())
            inputs = (TensorRef(step.key),)

    def _module(self, line: LayerLine, place: int) -> Module | None:
        return self.of_class.get((line, place)) or self.lowered[line][place].module

    def _facts(self, group: Group) -> Mapping[str, int]:
        """Numbers that may become parameters: channels, and arguments of the group's block."""
        facts: dict[str, int] = {}
        for name, tensor in group.inputs.items():
            word = "in" if len(group.inputs) == 1 else name
            facts |= {f"{word}_channels": side for side in self.shapes[tensor][:1]}
        if group.call is not None:
            arguments = group.call.arguments.items()
            facts |= {name: value for name, value in arguments if isinstance(value, int)}
        for side in self.shapes[group.outputs[0]][:1] if group.outputs else ():
            facts.setdefault("out_channels", side)
        return facts


def _chain(instance: ModuleInstance) -> list[Module]:
    """The modules of an instance that is only a chain; else none."""
    if not is_chain(instance.steps) or instance.outputs != (TensorRef(instance.steps[-1].key),):
        return []
    modules = (step.module for step in instance.steps)
    return [part for module in modules if isinstance(module, Module) for part in parts(module)]


def _single(instance: ModuleInstance) -> Module | None:
    """The module of an instance that is a single step, and needs no class."""
    chain = _chain(instance)
    return sequential(chain) if len(instance.steps) == 1 and chain else None
