"""The recorder of one traced build: which relations held on its path, and which symbols lost their expression."""

from __future__ import annotations

from bertsym.derive.concolic.expression_tree import Tree, names


class PathRecorder:
    """The path condition, each relation once and in order, and the expressions of which the bare value was used.

    >>> recorder = PathRecorder()
    >>> recorder.add_path_condition("=", ("%", "hidden", "heads"), 0)
    >>> recorder.add_path_condition(">", 3, 2)
    >>> recorder.mark_concretised("layers", 12)
    >>> list(recorder.path_condition), recorder.concretised_names()
    ([('=', ('%', 'hidden', 'heads'), 0)], {'layers'})
    """

    def __init__(self) -> None:
        self.path_condition: dict[tuple[str, Tree, Tree], None] = {}
        self.concretised: dict[Tree, None] = {}

    def mark_concretised(self, *trees: Tree | None) -> None:
        """Record that the bare values of these were used, as an index or a number of layers."""
        self.concretised.update(dict.fromkeys(tree for tree in trees if tree is not None and not isinstance(tree, int)))

    def add_path_condition(self, sign: str, left: Tree | None, right: Tree | None) -> None:
        """Record a relation that held, unless a side is not known or both are numbers."""
        if left is not None and right is not None and not (isinstance(left, int) and isinstance(right, int)):
            self.path_condition[sign, left, right] = None

    def concretised_names(self) -> set[str]:
        """Return the symbols of which the bare value was used somewhere."""
        return {name for tree in self.concretised for name in names(tree)}
