"""Conventions of counting: filters over the inventory, each with a name and the people who use it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import lru_cache

from sympy import Expr, Integer

from bertsym.errors import MAX_MESSAGE, Conflict, UnknownName, choice, listed, suggestion
from bertsym.layers import Role
from bertsym.quantities import PARAMETERS, Unit
from bertsym.tree import Tensor
from bertsym.values import replace, value
from bertsym.vocabulary.words import COMPONENTS


@value
class Convention:
    """A filter: a tensor counts if its role is among `roles` and the selectors agree.

    A selector is a role, a component or a module, by name: `bias`, `attention`, `embed_tokens`. The component of all
    stacks goes by its last word, and a stack by the words before it: `attention` and `vision` for `vision attention`.
    A module goes by any word of its name, unless the word is that of a component here. `layers_only` keeps
    what is in a repeated layer; `ties_once` counts a tied tensor only where its values live; `active` counts, of what a
    router chooses among, what works on one token; `reused` counts a layer as often as it is applied. An entry counts
    `factor` times, or as often as `factors` say of its role. `unit` is the unit of the sum.
    """

    name: str
    meaning: str
    used_by: str = ""
    roles: frozenset[Role] = frozenset(Role)
    layers_only: bool = False
    ties_once: bool = True
    active: bool = False
    only: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()
    reused: bool = False
    factor: int = 1
    factors: tuple[tuple[Role, int], ...] = ()
    unit: Unit = PARAMETERS

    def counts(self, tensor: Tensor) -> bool:
        """Return True if the tensor is counted."""
        labels = _labels(tensor)
        return (
            tensor.role in self.roles
            and (bool(tensor.loops) or not self.layers_only)
            and (not self.only or bool(labels & self.only))
            and not labels & self.without
        )

    def times(self, tensor: Tensor) -> Expr:
        """Return how often the entries of one array count, in the symbols of the declaration."""
        share = tensor.active if self.active else Integer(1)
        passes = tensor.reuse if self.reused else Integer(1)
        return share * passes * self.weight_of(tensor.role)

    def weight_of(self, role: Role) -> int:
        """Return how often an element of that role counts."""
        return dict(self.factors).get(role, self.factor)

    @property
    def title(self) -> str:
        """Return the name, with the selectors that narrow it."""
        only = f", only {', '.join(sorted(self.only))}" if self.only else ""
        without = f", without {', '.join(sorted(self.without))}" if self.without else ""
        return self.name + only + without


EXACT = Convention(
    "exact",
    "every parameter, tied weights once",
    "the framework's own count: transformers `num_parameters()`, torch `sum(p.numel() for p in m.parameters())`",
)
NON_EMBEDDING = Convention(
    "non-embedding",
    "every parameter but the token, position and segment tables and an untied output embedding",
    "the Pythia model cards; transformers `num_parameters(exclude_embeddings=True)` where the output is tied",
    roles=frozenset(Role) - {Role.EMBEDDING},
)
MATRICES = Convention(
    "matrices",
    "the weight matrices of linear layers: no embeddings, no biases, no norms",
    "Kaplan et al. 2020, arXiv:2001.08361 (N = 12LH^2); TransformerLens `cfg.n_params`",
    roles=frozenset({Role.MATRIX}),
)
LAYERS_ONLY = Convention(
    "layers-only",
    "every parameter of the repeated layers: no embeddings, no pooler, no head",
    "per-layer accounts such as 12LH^2 + 13LH (Narayanan et al. 2021, arXiv:2104.04473)",
    layers_only=True,
)
ACTIVE = Convention(
    "active",
    "the parameters that work on one token: of the routed experts those chosen, and everything else",
    "model cards: Mixtral 8x7B (12.9B of 46.7B), Qwen3-30B-A3B (3.3B of 30.5B), OLMoE (1.3B of 6.9B); DeepSeek-V3 "
    "(36.6B of 671B) and gpt-oss leave the input embedding out besides",
    active=True,
)
STATE_DICT = Convention(
    "state-dict",
    "every stored tensor, tied weights at each of their names",
    "sums over `state_dict()`, which count a tied output embedding twice",
    ties_once=False,
)


@lru_cache(maxsize=8192)
def _labels(tensor: Tensor) -> frozenset[str]:
    """Return the words by which a selector means the tensor."""
    stack, _, kind = tensor.component.rpartition(" ")
    modules = frozenset(word for word in tensor.owner.split(".") if word not in COMPONENTS)
    return modules | {tensor.role.value, tensor.component, kind, *([stack] if stack else [])}


CONVENTIONS: dict[str, Convention] = {
    c.name: c for c in (EXACT, NON_EMBEDDING, MATRICES, LAYERS_ONLY, ACTIVE, STATE_DICT)
}


def named_convention(name: str) -> Convention:
    """Return the convention of that name; raises `UnknownName`."""
    chosen = choice(name, CONVENTIONS)
    if chosen is None:
        raise UnknownName("convention", name, CONVENTIONS)
    return CONVENTIONS[chosen]


def select(
    convention: Convention, inventory: Collection[Tensor], only: Iterable[str] = (), without: Iterable[str] = ()
) -> Convention:
    """Narrow a convention to roles, components or modules of the inventory; raises `UnknownName` or `Conflict`."""
    chosen, dropped = frozenset(only), frozenset(without)
    known = {label for tensor in inventory for label in _labels(tensor)}
    for selector in sorted(chosen | dropped):
        if selector not in known:
            components = {tensor.component for tensor in inventory}
            near = suggestion(selector, known).startswith("did you mean")
            hint = "" if near else listed(sorted(components), MAX_MESSAGE, "components: ")
            raise UnknownName("role, component or module", selector, known, hint)
    for selector in sorted(chosen & dropped):
        raise Conflict(f"--only {selector}", f"--without {selector}", "nothing would be left to count")
    return replace(convention, only=chosen, without=dropped)
