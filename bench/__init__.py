"""What the machinery costs, as ratios: each figure is taken beside its baseline, in one process and in turns.

A machine's milliseconds say little; how many times slower than the bare thing says it on any machine. Nothing is
written unless a file is named.
"""
