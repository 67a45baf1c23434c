"""What each node does to a gradient, as a formula with this run's numbers put in."""

from .node_formulas import RULES, SlotFormula, computed_gradients, known_nodes, node_formulas

__all__ = ["RULES", "SlotFormula", "computed_gradients", "known_nodes", "node_formulas"]
