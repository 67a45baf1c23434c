"""Names that people try and that are not here: what to write instead."""

from __future__ import annotations

_NO_FILES = "Programs have no files here; put the data into the code."
_NO_INTERPRETER = "Programs have no access to the interpreter here."
_NO_NETWORK = "Programs have no network here; put the data into the code."
_DRAWN = "The app draws graphs, values and gradients itself; print numbers, or leave them in variables."
_USE_TORCH = "Use torch, torch.linalg or math."
_SMALL_DATA = "Make a small data set with torch.randn."
_PLAIN_ATTRIBUTES = "Use plain attributes, or a property."
_STRIDES = "Use view, reshape, unfold or slicing."
_VALUES = "Use the tensor's own values."

MODULES = {
    "PIL": _SMALL_DATA,
    "abc": "Leave it out: a method that raises NotImplementedError does the same.",
    "argparse": "Put the settings into variables.",
    "asyncio": "Call plain functions.",
    "builtins": "The usual built-in functions are there without an import.",
    "ctypes": _NO_INTERPRETER,
    "datetime": "Use time.time().",
    "enum": "Use plain constants.",
    "functorch": "Write `from torch.func import grad, vmap`.",
    "gc": "Tensors are freed when nothing refers to them: write `del x`.",
    "glob": _NO_FILES,
    "importlib": _NO_INTERPRETER,
    "inspect": _NO_INTERPRETER,
    "io": _NO_FILES,
    "jax": "Use torch.func: it has grad, vmap, jacrev and hessian.",
    "json": _NO_FILES,
    "logging": "Use print.",
    "matplotlib": _DRAWN,
    "multiprocessing": "A program is one process here.",
    "os": "Programs have no files and no environment here.",
    "pandas": "Put the numbers into a list and use torch.tensor(...).",
    "pathlib": _NO_FILES,
    "pickle": "Programs have no files here; keep values in variables.",
    "plotly": _DRAWN,
    "pprint": "Use print.",
    "pytorch_lightning": "Write the training loop itself.",
    "re": "Use the methods of strings.",
    "requests": _NO_NETWORK,
    "scipy": _USE_TORCH,
    "seaborn": _DRAWN,
    "shutil": _NO_FILES,
    "sklearn": _SMALL_DATA,
    "socket": _NO_NETWORK,
    "string": "Write the letters as a string.",
    "subprocess": "Programs cannot start other programs here.",
    "sympy": _USE_TORCH,
    "sys": _NO_INTERPRETER,
    "tempfile": _NO_FILES,
    "threading": "A program has one thread here.",
    "torchsummary": "Use print(model).",
    "torchvision": _SMALL_DATA,
    "torchviz": "The app draws every graph with torchviz already; just compute the output.",
    "tqdm": "Loop over the range itself; print what you want to see.",
    "traceback": "Print the exception: print(type(e).__name__, e).",
    "urllib": _NO_NETWORK,
}

BUILTINS = {
    "open": _NO_FILES,
    "input": "There is no keyboard input; put the value into the code.",
    "eval": "Write the expression itself.",
    "exec": "Write the statements themselves.",
    "compile": "Write the statements themselves.",
    "exit": "A program ends after its last line; to end it early, write `raise SystemExit`.",
    "quit": "A program ends after its last line; to end it early, write `raise SystemExit`.",
    "breakpoint": "Every line can be stepped through in the app.",
    "help": "Click a node or a value to see what it is.",
    "globals": "Use the variables by name.",
    "locals": "Use the variables by name.",
    "vars": "Use the attributes by name.",
    "dir": "Use the attributes by name.",
    "memoryview": "Use a tensor.",
    "bytearray": "Use a list or a tensor.",
}

# Constructs of Python, by their names in its syntax tree: how they are written, and what to write instead.
CONSTRUCTS = {
    "AsyncFor": ("async for", "Write a plain for loop."),
    "AsyncFunctionDef": ("async def", "Write a plain function with def."),
    "AsyncWith": ("async with", "Write a plain with statement."),
    "Await": ("await", "Call a plain function."),
    "TryStar": ("except*", "Write except without the star."),
}

# Names with two underscores that are used as plain names.
NAMES = {
    "__builtins__": "The usual built-in functions are there by their names.",
    "__doc__": "Put the text into a variable.",
    "__file__": "A program has no file here.",
    "__import__": "Write an import statement.",
}

ATTRIBUTES = {
    "__annotations__": "Annotations are for readers only here.",
    "__class_getitem__": "Write a plain method.",
    "__closure__": "Pass values as arguments.",
    "__code__": _NO_INTERPRETER,
    "__deepcopy__": "Use copy.deepcopy.",
    "__del__": "Write a method and call it.",
    "__delattr__": _PLAIN_ATTRIBUTES,
    "__delete__": _PLAIN_ATTRIBUTES,
    "__dict__": "Use the attributes by name.",
    "__get__": _PLAIN_ATTRIBUTES,
    "__getattr__": _PLAIN_ATTRIBUTES,
    "__getattribute__": _PLAIN_ATTRIBUTES,
    "__globals__": "Use the variables by name.",
    "__index__": "Write int(x).",
    "__init_subclass__": "Write a plain method.",
    "__module__": "Use __name__.",
    "__mro__": "Use isinstance() or issubclass().",
    "__new__": "Write an __init__ method.",
    "__set__": _PLAIN_ATTRIBUTES,
    "__setattr__": _PLAIN_ATTRIBUTES,
    "__slots__": "Leave it out.",
    "__subclasses__": "Keep your classes in a list.",
    "__torch_function__": "Write an autograd.Function or a module.",
    "_buffers": "Use named_buffers().",
    "_modules": "Use named_children().",
    "_parameters": "Use named_parameters().",
    "apply_": "Compute with tensor operations, which autograd can see.",
    "as_strided": _STRIDES,
    "as_strided_": _STRIDES,
    "compile": "Autograd is shown best without compilation: leave torch.compile out.",
    "ctypes": "Use the array's values.",
    "data_ptr": "Compare tensors with `is`.",
    "dump": _NO_FILES,
    "hub": _SMALL_DATA,
    "jit": "Autograd is shown best without compilation: leave torch.jit out.",
    "load": _NO_FILES,
    "map_": "Compute with tensor operations, which autograd can see.",
    "multiprocessing": "A program is one process here.",
    "new": "Use new_tensor, new_zeros or new_ones.",
    "profiler": "The app measures memory and time itself.",
    "resize_": "Make a new tensor with reshape() or torch.empty().",
    "save": "Keep the value in a variable.",
    "set_": "Assign a new tensor to the variable.",
    "share_memory_": "A program is one process here.",
    "sparse": "Use dense tensors.",
    "storage": _VALUES,
    "tofile": _NO_FILES,
    "untyped_storage": _VALUES,
    "with_traceback": "Write `raise`, or `raise ... from ...`.",
}
