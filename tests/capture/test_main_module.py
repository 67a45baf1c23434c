"""A program runs as a file that Python runs: its module, streams, threads, last words. Afterwards all is as it was.

Longer than usual because half of it is programs.
"""

from __future__ import annotations

import atexit
import builtins
import linecache
import os
import sys
from functools import cache

import pytest

from components.capture import capture_program
from components.trace import Program
from tests.capture.conftest import Capture
from tests.capture.plain import PlainRun, plain_files

PROGRAMS = {
    "pickle": """
import io, pickle, torch
class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.l = torch.nn.Linear(2, 1)
    def forward(self, x):
        return self.l(x)
n = Net()
m = pickle.loads(pickle.dumps(n))
print(type(m) is Net, Net.__module__, torch.equal(m.l.weight, n.l.weight))
b = io.BytesIO()
torch.save(n, b)
b.seek(0)
print(type(torch.load(b, weights_only=False)) is Net)
""",
    "source": """
import inspect, sys
def f(x):
    return x + 1  # é

class A:
    '''Text.'''
    def g(self):
        return 2

print(inspect.getsource(f))
print(inspect.getsource(A))
print(inspect.getsource(A.g), inspect.getmodule(f) is sys.modules["__main__"])
print(inspect.currentframe().f_lineno)
""",
    "types": """
import typing
from dataclasses import dataclass, field, fields, replace
@dataclass
class C:
    x: complex
    n: "int" = 3
    k: list[int] = field(default_factory=list)
print(typing.get_type_hints(C), replace(C(1j), n=4), [f.type for f in fields(C)])
z: int = 4
print(__annotations__)
""",
    "types as texts": """
from __future__ import annotations
import typing
from dataclasses import dataclass
@dataclass
class C:
    x: Later
class Later:
    pass
print(typing.get_type_hints(C))
z: int = 4
print(__annotations__)
""",
    "import main": """
import __main__, os, sys
v = 3
print(__main__.v, __name__, __main__ is sys.modules["__main__"], vars(__main__) is globals(), sys.argv)
print(os.path.basename(__file__), __doc__, __spec__, __package__, __builtins__.__name__)
if __name__ == "__main__":
    print("run")
""",
    "a docstring": '''"""What it does."""
print(__doc__)
''',
    "global names": """
def f():
    global made
    made = 5
f()
print(made, eval("made + 1"), sorted(name for name in globals() if not name.startswith("_")))
exec("x = made * 2")
print(x)
len = 3
print(len)
""",
    "atexit": """
import atexit
atexit.register(print, "registered first", sep="")
@atexit.register
def last():
    print("registered last")
def never():
    print("never")
atexit.register(never)
atexit.unregister(never)
def again():
    atexit.unregister(taken_back)
def taken_back():
    print("never")
atexit.register(taken_back)
atexit.register(again)
print("end")
""",
    "threads are waited for": """
import threading
started = threading.Event()
def work():
    started.wait()
    print("thread", threading.current_thread().name)
threading.Thread(target=work, name="worker").start()
print("main")
started.set()
""",
    "executors": """
from concurrent.futures import ThreadPoolExecutor
held = ThreadPoolExecutor(2)
print([f.result() for f in [held.submit(pow, 2, k) for k in range(3)]])
with ThreadPoolExecutor() as pool:
    print(list(pool.map(lambda k: k * k, range(3))))
""",
    "nobody types": """
try:
    input("name? ")
except EOFError as error:
    print(error)
import sys
print(repr(sys.stdin.read()), repr(sys.stdin.readline()), list(sys.stdin))
input()
""",
    "bytes": """
import sys
print("text", end=" ")
sys.stdout.flush()
sys.stdout.buffer.write("é ".encode())
for byte in "😀\\n".encode():
    sys.stdout.buffer.write(bytes([byte]))
sys.stdout.buffer.flush()
print(sys.stdout.encoding, sys.stdout.isatty(), sys.stdout.writable(), sys.stdout.name)
sys.stdout.writelines(["a", "b\\n"])
""",
    "redirected": """
import contextlib, io, sys
kept = io.StringIO()
with contextlib.redirect_stdout(kept):
    print("kept")
print(repr(kept.getvalue()))
with contextlib.redirect_stderr(sys.stdout):
    print("to the other", file=sys.stderr)
real, sys.stdout = sys.stdout, kept
print("more")
sys.stdout = real
print(kept.getvalue().splitlines())
""",
    "last words": """
import weakref
class A:
    def __init__(self, name):
        self.name = name
    def __del__(self):
        print("bye", self.name)
first = A("first")
held = [A("in a list")]
A("nobody's")
second = A("second")
weakref.finalize(second, print, "finalized")
del second
print("end")
""",
    "last words in a cycle": """
class A:
    def __del__(self):
        print("bye")
cycle = A()
cycle.itself = cycle
print("end")
""",
    "exits": "import sys\nprint(1)\nsys.exit('no data')\n",
    "exits with a number": "import sys\nprint(1)\nsys.exit(3)\n",
    "exits quietly": "print(1)\nraise SystemExit\n",
    "exits in a function": "def f():\n    try:\n        exit()\n    finally:\n        print('last')\nf()\nprint(1)\n",
    "standard error": "import sys\nprint('out')\nprint('err', file=sys.stderr)\nsys.stderr.write('more')\n",
    "logging": """
import logging
logging.getLogger("mine").addHandler(logging.StreamHandler())
logging.getLogger("mine").error("this went wrong")
""",
    "environment": """
import os
os.environ["LAB_TEST"] = "1"
os.environ.pop("HOME", None)
print(os.environ["LAB_TEST"], os.getenv("HOME"), os.path.dirname(os.path.abspath(__file__)) == os.getcwd())
""",
    "a traceback": """
import traceback
def f():
    raise ValueError("inner")
try:
    f()
except ValueError:
    text = traceback.format_exc()
print(text.count("raise ValueError"), text.splitlines()[-1], text.count("line"))
""",
    "an error after atexit": "import atexit\natexit.register(print, 'last')\nraise KeyError('k')\n",
    "chained errors": "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    raise RuntimeError('second') from e\n",
}


@cache
def plain() -> dict[str, PlainRun]:
    return plain_files({name: source.lstrip("\n") for name, source in PROGRAMS.items()})


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_program_does_what_it_does_as_a_file(name: str) -> None:
    trace = capture_program(Program(source=PROGRAMS[name].lstrip("\n")))
    expected = plain()[name]
    stderr = "".join(one.text for one in trace.displays if one.mime == "application/vnd.jupyter.stderr")
    error = (trace.failure.error_type, trace.failure.message) if trace.failure else None
    assert (trace.stdout, stderr, error) == (expected.stdout, expected.stderr, expected.error)
    assert trace.notes == []


def test_afterwards_the_process_is_as_it_was() -> None:
    source = """
import atexit, builtins, os, sys, threading
os.environ["LAB_TEST"] = "1"
os.environ["PATH"] = "nowhere"
sys.argv.append("more")
sys.path.insert(0, "nowhere")
sys.stdout = sys.stderr = None
atexit.register(print, "never here")
builtins.display = None
"""
    before = [sys.modules["__main__"], sys.argv, sys.stdin, sys.stdout, sys.stderr, sys.path, [*sys.path]]
    before += [dict(os.environ), atexit.register, atexit.unregister, set(vars(builtins)), sys.gettrace()]
    trace = capture_program(Program(source=source))
    assert trace.failure is None
    after = [sys.modules["__main__"], sys.argv, sys.stdin, sys.stdout, sys.stderr, sys.path, [*sys.path]]
    after += [dict(os.environ), atexit.register, atexit.unregister, set(vars(builtins)), sys.gettrace()]
    assert after == before
    assert "<program>" not in linecache.cache


def test_an_exception_in_atexit_is_told_without_the_servers_files(capture: Capture) -> None:
    trace = capture("import atexit\n@atexit.register\ndef last():\n    return 1 / 0\natexit.register(print, 'x')\n")
    assert trace.stdout == "x\n"
    (shown,) = trace.displays
    assert shown.text.startswith("Exception ignored in atexit callback: <function last at 0x7f0000000000>\nTraceback")
    assert 'File "<program>", line 4, in last' in shown.text
    assert "components" not in shown.text


def test_two_programs_share_no_names(capture: Capture) -> None:
    capture("x = 1\nprint = None\ndef f(): pass\n")
    trace = capture("x\n", fails=True)
    assert trace.failure is not None
    assert trace.failure.error_type == "NameError"


def test_nobody_waits_for_a_daemon(capture: Capture) -> None:
    trace = capture("""
        import threading
        threading.Thread(target=threading.Event().wait, daemon=True).start()
        print("end")
        """)
    assert trace.stdout == "end\n"
