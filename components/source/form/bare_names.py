"""What a bare name means in the form's expression: ``sin`` is ``torch.sin``, ``pi`` is ``torch.pi``.

Data only. What the allow-list does not have is not here either, so that the form writes nothing that is refused later.
"""

from __future__ import annotations

from .. import names

# The names that modules have in the written program, each with the line that imports it, in the order of the lines.
IMPORTS = {name: names.IMPORTS[name] for name in ("math", "torch", "F", "nn")}
# Reached through `torch`, without a line of their own.
SUBMODULES = names.SUBMODULES - {"nn", "cuda"}
FOREIGN_MODULES = frozenset({"jnp", "np", "numpy", "scipy", "tf"})

DTYPES = names.words("float32 float64 float16 bfloat16 int64 int32 int16 int8 uint8 bool complex64 complex128")
# Of these dtypes, an integer that is typed becomes a float.
FLOATING = frozenset({"float16", "float32", "float64", "bfloat16"})

NUMBERS = {"pi": "torch.pi", "π": "torch.pi", "e": "torch.e", "inf": "torch.inf", "nan": "torch.nan"}
CONSTANTS = NUMBERS | {dtype: f"torch.{dtype}" for dtype in DTYPES if dtype != "bool"}

# Python's own, left as they are. The types are also dtypes, as in `x.to(float)`.
TYPES = frozenset({"bool", "float", "int"})
BUILT_IN = TYPES | {"enumerate", "len", "list", "map", "range", "reversed", "sorted", "tuple", "zip"}
# Python's own where they are given a list, `torch`'s where they are given a tensor.
OF_LISTS = frozenset({"all", "any", "max", "min", "sum"})
# Python's own where they are given numbers alone, `torch`'s where they are given a tensor.
OF_NUMBERS = frozenset({"abs", "max", "min", "pow", "round"})
# `math`'s where they are given numbers alone: `torch.sqrt(2)` is an error.
MATH = names.MATH - NUMBERS.keys() - {"dist", "fsum", "prod", "tau"}
INTEGER_MATH = frozenset({"comb", "factorial", "gcd"})

# Names of `torch` that are no functions of it; `expand` and `repeat` are a tensor's alone.
_NOT_FUNCTIONS = names.words(
    """
    BoolTensor DoubleTensor FloatTensor Generator IntTensor LongTensor Size Tensor bool cdouble cfloat complex
    device double dtype enable_grad expand finfo float get_default_dtype half iinfo inference_mode initial_seed
    int is_grad_enabled is_inference_mode_enabled long no_grad repeat seed set_default_dtype set_grad_enabled
    set_printoptions short strided
    """
)
_OF_TORCH = names.TORCH - _NOT_FUNCTIONS - CONSTANTS.keys()

# A bare function and what is written in front of it; `torch`'s own comes first, the rest fills the gaps.
PREFIXES: dict[str, str] = (
    dict.fromkeys(names.LINALG, "torch.linalg.")
    | dict.fromkeys(names.FUNCTIONAL, "F.")
    | dict.fromkeys(INTEGER_MATH, "math.")
    | dict.fromkeys(_OF_TORCH, "torch.")
)

# Other languages' and schools' names, further from ours than a slip of the pen.
ALIASES = {
    "fabs": "abs",
    "lg": "log10",
    "ln": "log",
    "logistic": "sigmoid",
    "power": "pow",
    "sen": "sin",
    "sqr": "square",
    "tg": "tan",
}
