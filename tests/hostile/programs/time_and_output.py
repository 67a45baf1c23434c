"""Hostile programs. Resources, of time, output and what observers keep: every bomb ends at its limit, and the next person's run goes as ever."""

from __future__ import annotations

from tests.hostile.programs.catalogue import add

add("while_true", "resources", "\nwhile True: pass\n", helped=False)
add(
    "while_true_catching_everything",
    "resources",
    r"""
while True:
    try:
        while True:
            try:
                x = 1
            except BaseException:
                continue
    except BaseException:
        continue
""",
    helped=False,
)
add(
    "long_native_product",
    "resources",
    r"""
import torch
a = torch.ones(9000, 9000)
for _ in range(200):
    a = a @ a * 1e-4
""",
    helped=False,
)
add(
    "long_native_loops",
    "resources",
    r"""
import torch
for work in (lambda: 7 ** (10 ** 8), lambda: sum(range(10 ** 12)), lambda: list(range(10 ** 7)).sort() or all(iter(int, 1)),
             lambda: "a" * 10 ** 8 in "b" * 10 ** 8, lambda: max(iter(int, 1)), lambda: torch.linalg.svd(torch.ones(4000, 4000))):
    try:
        work()
    except BaseException as error:
        print(type(error))
""",
    helped=False,
)
add(
    "regular_expression",
    "resources",
    r"""
import re
print(re.match(r"(a|aa)+$", "a" * 60 + "b"))
print(re.match(r"(.*)*\1x", "a" * 400))
""",
    helped=False,
)
add(
    "sleep_for_ever",
    "resources",
    r"""
import select, threading
while True:
    try:
        threading.Event().wait()
    except BaseException:
        time.sleep(10 ** 6)
""",
)
add(
    "sleep_in_native_code",
    "resources",
    r"""
while True:
    LIBC.pause()
    LIBC.sleep(1_000_000)
""",
)
add(
    "input_for_ever",
    "resources",
    r"""
while True:
    try:
        print(repr(input("name? ")))
        print(repr(sys.stdin.read()))
        print(os.read(0, 100))
    except BaseException as error:
        print(type(error))
""",
)
add(
    "tracing_replaced",
    "resources",
    r"""
import threading
def lies(frame, event, argument):
    frame.f_trace_lines = False
    return None
sys.settrace(lies)
sys.setprofile(lies)
threading.settrace(lies)
frame = sys._getframe()
while frame is not None:
    frame.f_trace = None
    frame = frame.f_back
sys.settrace(None)
sys.settrace = sys.setprofile = lambda function: None
while True:
    pass
""",
)
add(
    "tracing_that_never_returns",
    "resources",
    r"""
def stuck(frame, event, argument):
    while True:
        pass
sys.setprofile(stuck)
sys.settrace(stuck)
""",
)
add(
    "collector_callbacks",
    "resources",
    r"""
import gc
def stuck(phase, details):
    while True:
        pass
gc.callbacks.append(stuck)
gc.set_threshold(1, 1, 1)
[[] for _ in range(1000)]
gc.collect()
""",
)
add(
    "at_exit_for_ever",
    "resources",
    r"""
import atexit, threading, weakref
def stuck(*arguments):
    while True:
        try:
            time.sleep(1)
        except BaseException:
            pass
atexit.register(stuck)
threading._register_atexit(stuck)
weakref.finalize(stuck, stuck)
print("now the end")
""",
)
add(
    "deletion_for_ever",
    "resources",
    r"""
class Sticky:
    def __del__(self):
        while True:
            try:
                time.sleep(1)
            except BaseException:
                pass
kept = Sticky()
sys.kept = Sticky()
import torch
torch.kept = Sticky()
loop = Sticky()
loop.loop = loop
del loop
""",
)
add(
    "import_hooks",
    "resources",
    r"""
import builtins
class Finder:
    def find_spec(self, name, path=None, target=None):
        while True:
            pass
sys.meta_path.insert(0, Finder())
sys.path_hooks.insert(0, lambda path: Finder())
sys.path_importer_cache.clear()
builtins.__import__ = lambda *a, **k: Finder().find_spec("x")
print("the next import is ours")
""",
)
add(
    "audit_hook_for_ever",
    "resources",
    r"""
count = 0
def hook(event, arguments):
    global count
    count += 1
    if count > 3:
        while True:
            pass
sys.addaudithook(hook)
open(os.__file__).close()
compile("1", "x", "exec")
""",
)
add("output_without_end", "resources", "\nwhile True:\n    print('x' * 10_000)\n", helped=False)
add("output_in_small_pieces", "resources", "\nwhile True:\n    print('x', end='', flush=True)\n", helped=False)
add(
    "output_by_every_way",
    "resources",
    r"""
import warnings
warnings.simplefilter("always")
line = "x" * 1000 + "\n"
end = time.monotonic() + 30
while time.monotonic() < end:
    for number in (1, 2):
        os.write(number, line.encode())
    sys.stdout.write(line)
    sys.stderr.write(line)
    for stream in (sys.__stdout__, sys.__stderr__):
        if stream is not None:
            stream.write(line)
    warnings.warn(line)
    LIBC.printf(b"%s", line.encode())
    LIBC.fflush(None)
""",
)
add(
    "one_line_of_output_without_end",
    "resources",
    "\nprint('x' * (300 << 20))\nprint('\\u2028' * (40 << 20))\n",
    helped=False,
)
add(
    "giant_text_of_a_value",
    "resources",
    r"""
class Giant:
    def __repr__(self):
        return "x" * (200 << 20)
    __str__ = __repr__
a = Giant()
b = {a: a}
c = [[Giant()] * 1000] * 1000
d = "x" * (100 << 20)
e = {str(i) * 1000: i for i in range(20000)}
print(a)
""",
    helped=False,
)
add(
    "text_of_a_value_without_end",
    "resources",
    r"""
class Endless:
    def __repr__(self):
        while True:
            try:
                time.sleep(1)
            except BaseException:
                pass
    __str__ = __format__ = __hash__ = __len__ = __bool__ = __eq__ = __repr__
x = Endless()
y = [x]
""",
)
add("huge_exception_message", "resources", "\nraise ValueError('x' * (300 << 20))\n", helped=False)
add(
    "exception_with_many_causes",
    "resources",
    r"""
error = None
for number in range(200_000):
    new = ValueError(number)
    new.__cause__ = error
    error = new
raise ExceptionGroup("many", [ExceptionGroup("more", [error] * 1000)] * 1000) from error
""",
    helped=False,
)
add(
    "recursion",
    "resources",
    r"""
sys.setrecursionlimit(10 ** 9)
def f(x):
    return f(x + 1)
try:
    f(0)
except RecursionError as error:
    print(error)
f(0)
""",
)
add(
    "recursion_in_native_code",
    "resources",
    r"""
sys.setrecursionlimit(10 ** 9)
x = []
for _ in range(10 ** 6):
    x = [x]
print(len(repr(x)))
print(x == x.copy())
import copy
copy.deepcopy(x)
del x
""",
)
add(
    "number_to_text",
    "resources",
    r"""
sys.set_int_max_str_digits(0)
x = 10 ** 10_000_000
print(len(str(x)))
print(int("9" * 5_000_000))
""",
)
add(
    "dictionary_collisions",
    "resources",
    r"""
class Same:
    def __hash__(self):
        return 1
    def __eq__(self, other):
        return False
x = {Same(): i for i in range(100_000)}
""",
    helped=False,
)
add(
    "compilers",
    "resources",
    r"""
for text in ("(" * 90 + ")" * 90, "x = " + "-" * 100_000 + "1", "lambda: " * 2000 + "1", "(((1)*9999999)*9)" * 10,
             "a" + ".b" * 50_000, "[" * 150 + "]" * 150, "if 1:\n" + "".join(" " * i + "if 1:\n" for i in range(1, 99))):
    for _ in range(3):
        try:
            compile(text, "x", "exec")
        except BaseException as error:
            print(type(error).__name__)
import ast
for _ in range(20):
    try:
        ast.literal_eval("-" * 50_000 + "1")
    except BaseException as error:
        print(type(error).__name__)
""",
    helped=False,
)
add(
    "trace_too_large",
    "resources",
    r"""
import torch
x = torch.ones(8, requires_grad=True)
for i in range(10 ** 9):
    x = x + 1
    exec(f"v{i} = x")
""",
    helped=False,
)
add(
    "graph_too_deep",
    "resources",
    r"""
import torch
x = torch.ones(1, requires_grad=True)
y = x
for _ in range(400_000):
    y = y + 1
y.backward()
del y
""",
    helped=False,
)
add(
    "many_modules_and_hooks",
    "resources",
    r"""
import torch
m = torch.nn.Sequential(*[torch.nn.Linear(1, 1) for _ in range(3000)])
for p in m.parameters():
    for _ in range(20):
        p.register_hook(lambda g: g)
m(torch.ones(1, 1)).backward()
""",
    helped=False,
)
add(
    "disk_filled_from_a_thread_at_the_end",
    "resources",
    r"""
import threading
def fill():
    number = 0
    while number < 3000:
        number += 1
        try:
            with open(f"late{number}", "wb") as file:
                file.write(b"x" * (32 << 20))
        except OSError:
            pass
threading.Thread(target=fill, daemon=True).start()
print("over")
""",
)
add(
    "memory_at_the_very_end",
    "resources",
    r"""
import threading
def grow():
    kept = []
    while len(kept) < 64:
        try:
            kept.append(b"x" * (64 << 20))
        except MemoryError:
            pass
class Last:
    def __del__(self):
        grow()
last = Last()
threading.Thread(target=grow, daemon=True).start()
""",
)
