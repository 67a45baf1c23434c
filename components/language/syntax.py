"""Names that mean something to Python's syntax: methods that operators call, attributes that open the interpreter."""

from __future__ import annotations

from RestrictedPython.transformer import INSPECT_ATTRIBUTES as _FRAMES_AND_CODE

# What a program's own classes may define, and what it may call by name. Not among them is what Python or PyTorch would
# call behind the program's back: __del__, __getattr__, __reduce__, __get__, __init_subclass__, __torch_function__ and
# their kind; nor __index__, since torch.nn.ParameterList turns such a number into an attribute's name.
_METHODS = """
    __init__ __call__ __len__ __length_hint__ __getitem__ __setitem__ __delitem__ __iter__ __next__ __contains__
    __reversed__ __missing__ __repr__ __str__ __format__ __hash__ __bool__ __float__ __int__ __complex__ __round__
    __trunc__ __floor__ __ceil__ __enter__ __exit__ __lt__ __le__ __eq__ __ne__ __gt__ __ge__ __neg__ __pos__ __abs__
    __invert__ __add__ __radd__ __iadd__ __sub__ __rsub__ __isub__ __mul__ __rmul__ __imul__ __truediv__ __rtruediv__
    __itruediv__ __floordiv__ __rfloordiv__ __ifloordiv__ __mod__ __rmod__ __imod__ __divmod__ __rdivmod__ __pow__
    __rpow__ __ipow__ __matmul__ __rmatmul__ __imatmul__ __and__ __rand__ __iand__ __or__ __ror__ __ior__ __xor__
    __rxor__ __ixor__ __lshift__ __rlshift__ __rshift__ __rrshift__ __post_init__
"""
MAGIC_METHODS = frozenset(_METHODS.split())

# Attributes with two underscores that may be read, beside the methods above; the policy at run time says on what.
READABLE_DUNDERS = MAGIC_METHODS | {"__name__", "__qualname__", "__class__", "__doc__", "__version__"}

# Attributes through which frames, code and tracebacks are reached, on any object.
INSPECT_ATTRIBUTES: frozenset[str] = frozenset(_FRAMES_AND_CODE) | {"with_traceback"}
