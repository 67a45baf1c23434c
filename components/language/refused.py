"""Names that people try and that are not here: what to write instead."""

from __future__ import annotations

MODULES = {
    "matplotlib": "The app draws graphs, values and gradients itself; print numbers, or leave them in variables.",
    "torchviz": "The app draws every graph with torchviz already; just compute the output.",
    "torchvision": "Make a small data set with torch.randn.",
    "os": "Programs have no files and no environment here.",
    "sys": "Programs have no access to the interpreter here.",
    "subprocess": "Programs cannot start other programs here.",
    "pathlib": "Programs have no files here; put the data into the code.",
    "pickle": "Programs have no files here; keep values in variables.",
    "requests": "Programs have no network here; put the data into the code.",
    "pandas": "Put the numbers into a list and use torch.tensor(...).",
    "scipy": "Use torch, torch.linalg or math.",
    "builtins": "The usual built-in functions are there without an import.",
    "dataclasses": "Write the class with an __init__ method.",
}

BUILTINS = {
    "open": "Programs have no files here; put the data into the code.",
    "input": "There is no keyboard input; put the value into the code.",
    "eval": "Write the expression itself.",
    "exec": "Write the statements themselves.",
    "compile": "Write the statements themselves.",
    "exit": "A program ends after its last line.",
    "quit": "A program ends after its last line.",
    "breakpoint": "Every line can be stepped through in the app.",
    "help": "Click a node or a value to see what it is.",
    "globals": "Use the variables by name.",
    "locals": "Use the variables by name.",
    "vars": "Use the attributes by name.",
    "dir": "Use the attributes by name.",
    "delattr": "Write `del thing.name`.",
    "memoryview": "Use a tensor.",
    "bytearray": "Use a list or a tensor.",
}

ATTRIBUTES = {
    "resize_": "Make a new tensor with reshape() or torch.empty().",
    "set_": "Assign a new tensor to the variable.",
    "share_memory_": "A program is one process here.",
    "save": "Keep the value in a variable.",
    "load": "Programs have no files here; put the data into the code.",
    "compile": "Autograd is shown best without compilation: leave torch.compile out.",
    "jit": "Autograd is shown best without compilation: leave torch.jit out.",
    "profiler": "The app measures memory and time itself.",
    "__dict__": "Use the attributes by name.",
}
