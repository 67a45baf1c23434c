"""Hostile programs. Results: what goes up the pipe, whatever it is, is one run's bad luck and nobody else's."""

from __future__ import annotations

from tests.hostile.programs.catalogue import add

# The observers are in this process: their modules, and so their messages, are the program's to take.
_FORGE = r"""
import json


def say(data):
    view = memoryview(data)
    while view:
        view = view[os.write(3, view):]


def module(name):
    return sys.modules.get("components." + name) or __import__("components." + name, fromlist=["x"])


def forged(**changes):
    "A trace that was never observed, as JSON."
    trace = module("trace")
    failure = trace.Failure(kind="raised", error_type="Forged", message="This was forged.")
    program = trace.Program(source="print('another program')")
    made = module("worker.failures").failed_trace(program, failure, stdout="forged\n")
    return {**json.loads(trace.encode_trace(made)), **changes}


def send(trace, announced=None):
    data = trace if isinstance(trace, bytes) else json.dumps(trace).encode()
    say(b'{"type":"result","bytes":%d}\n' % (len(data) if announced is None else announced))
    say(data)
    os._exit(0)


def tensor(**changes):
    plain = {"id": "t0", "origin": "t0", "name": "x", "shape": [1], "dtype": "float32", "device": "cpu", "requires_grad": True,
             "is_leaf": True, "node": None, "version": 0, "view_of": None, "nbytes": 4, "values": [1.0], "summary": None}
    return {**plain, **changes}
"""


def _add_forged(bodies: dict[str, str]) -> None:
    for name, body in bodies.items():
        add(name, "results", f"{_FORGE}\n\n{body.strip()}\n")


_add_forged({
    "garbage_in_the_pipe": "say(bytes(range(256)) * 1000)",
    "random_bytes_in_the_pipe": "say(os.urandom(1 << 20))\nprint('afterwards')",
    "half_a_line": "say(b'{\"type\":\"output\",\"te')\nos._exit(0)",
    "half_a_line_then_silence": "say(b'{\"type\":\"output\",\"te')\nwhile True: time.sleep(1)",
    "a_line_without_an_end": "while True: say(b'x' * 65536)",
    "a_message_without_an_end": "say(b'{\"type\":\"output\",\"text\":\"')\nwhile True: say(b'x' * 65536)",
    "empty_lines_without_end": "while True: say(b'\\n' * 65536)",
    "spaces_in_a_message": "say(b'{' + b' ' * 60_000 + b'\"type\":\"begun\"}\\n')\nsay(b' ' * 65_000 + b'\\n')",
    "one_byte_at_a_time": "for byte in b'{\"type\":\"output\",\"text\":\"slow\"}\\n' * 2000: os.write(3, bytes([byte]))",
    "slow_half_message": "for byte in b'{\"type\":\"output\",\"text\":\"' + b'x' * 4000:\n    os.write(3, bytes([byte]))\n    time.sleep(0.1)",
    "begun_again_and_again": "for _ in range(10 ** 6): say(b'{\"type\":\"begun\"}\\n')",
    "begun_to_win_time": "while True:\n    say(b'{\"type\":\"begun\"}\\n')\n    time.sleep(0.5)",
    "finishing_to_win_time": "say(b'{\"type\":\"finishing\"}\\n')\nwhile True:\n    pass",
    "output_past_the_limit": "for _ in range(100_000): say(b'{\"type\":\"output\",\"text\":\"' + b'x' * 4000 + b'\"}\\n')",
    "output_too_long": "say(b'{\"type\":\"output\",\"text\":\"' + b'x' * 5000 + b'\"}\\n')",
    "output_of_escapes": "for _ in range(2000): say(b'{\"type\":\"output\",\"text\":\"' + b'\\\\u0000' * 4000 + b'\"}\\n')",
    "lines_that_are_not_there": "for line in (0, -1, 10 ** 7, 10 ** 30, 1.5, '\"1\"', 'null', '[1]', '1e400', 'NaN'): say(f'{{\"type\":\"line\",\"line\":{line}}}\\n'.encode())",
    "unknown_messages": "for kind in ('fork', 'kill', 'hello', 'ended', 'stop', 'request', '', None): say(json.dumps({'type': kind, 'run': 0, 'status': 0, 'walls': []}).encode() + b'\\n')",
    "unknown_fields": "say(b'{\"type\":\"begun\",\"run\":7}\\n{\"type\":\"output\",\"text\":\"x\",\"text\":\"y\",\"admin\":true}\\n')",
    "wrong_types": "say(b'{\"type\":[\"begun\"]}\\n[]\\n0\\nnull\\n\"begun\"\\n{\"type\":\"output\",\"text\":{}}\\n')",
    "bad_utf_8": "say(b'{\"type\":\"output\",\"text\":\"\\xff\\xfe\\xc0\\x80\\xed\\xa0\\x80\"}\\n')",
    "lone_surrogates": "say(b'{\"type\":\"output\",\"text\":\"\\\\ud800 \\\\udc00\\\\ud800\"}\\n')\nprint('\\ud800')",
    "nuls_and_line_separators": "say(b'{\"type\":\"output\",\"text\":\"\\\\u0000\\\\u2028\\\\u2029\\\\r\\\\n\\\\u0085\"}\\n')",
    "deep_json_in_a_message": "say(b'{\"type\":' + b'[' * 60_000 + b']' * 4 + b'}\\n')",
    "forged_problem": "say(json.dumps({'type': 'problem', 'kind': 'crashed', 'message': '<script>alert(1)</script>' * 70}).encode() + b'\\n')\nos._exit(0)",
    "forged_problem_too_long": "say(json.dumps({'type': 'problem', 'kind': 'crashed', 'message': 'x' * 3000}).encode() + b'\\n')",
    "forged_problem_of_another_kind": "say(json.dumps({'type': 'problem', 'kind': 'solved', 'message': ''}).encode() + b'\\n')",
    "more_after_a_problem": "say(json.dumps({'type': 'problem', 'kind': 'timeout', 'message': 'x'}).encode() + b'\\n')\nfor _ in range(1000): say(b'{\"type\":\"output\",\"text\":\"more\"}\\n')",
    "forged_last_words": "say(b'Fatal Python error: forged\\n\\nStack (most recent call first):\\n  File \"<program>\", line 7654321 in <script>\\n' * 1000)",
    "forged_last_words_without_end": "say(b'Stack (most recent call first):\\n')\nwhile True: say(b'  File \"<program>\", line 1 in x\\n' * 1000)",
    "forged_result": "send(forged())",
    "forged_result_for_another_program": "send(forged(program={'source': 'print(1)', 'device': 'cuda', 'seed': 10 ** 30}))",
    "forged_result_of_success": "send(forged(failure=None, stdout='All checks passed.\\n'))",
    "forged_exercise_solved": "send(forged(failure=None, answer={'answer': 'verdict', 'checks': [{'title': '<b>solved</b>', 'passed': True, 'expected': '1', 'came': '1', 'look_at': ''}]}))",
    "huge_announced_size": "send(b'{}', announced=2 ** 40)",
    "size_past_all_bounds": "send(b'{}', announced=2 ** 63)",
    "negative_size": "send(b'{}', announced=-1)",
    "size_of_nothing": "send(b'')",
    "announced_and_never_sent": "say(b'{\"type\":\"result\",\"bytes\":1000000}\\n')\nwhile True: time.sleep(1)",
    "announced_and_sent_slowly": "say(b'{\"type\":\"result\",\"bytes\":1000000}\\n')\nwhile True:\n    os.write(3, b' ')\n    time.sleep(0.2)",
    "more_than_announced": "say(b'{\"type\":\"result\",\"bytes\":10}\\n')\nwhile True: say(b'x' * 65536)",
    "two_results": "say(b'{\"type\":\"result\",\"bytes\":2}\\n{}{\"type\":\"result\",\"bytes\":2}\\n{}')",
    "result_then_the_program_goes_on": "data = json.dumps(forged()).encode()\nsay(b'{\"type\":\"result\",\"bytes\":%d}\\n' % len(data) + data)\nwhile True:\n    pass",
    "result_that_is_no_json": "send(os.urandom(100_000))",
    "result_of_spaces": "send(b' ' * (100 << 20))",
    "deep_json_result": "send(b'[' * 10_000_000)",
    "deep_json_inside": "send(json.dumps(forged()).encode()[:-1] + b',\"extra\":' + b'[' * 1_000_000 + b']' * 1_000_000 + b'}')",
    "deep_values_of_a_tensor": "send(json.dumps(forged(tensors=[tensor()])).encode().replace(b'[1.0]', b'[' * 500 + b'1' + b']' * 500))",
    "very_deep_values_of_a_tensor": "send(json.dumps(forged(tensors=[tensor()])).encode().replace(b'[1.0]', b'[' * 500_000 + b'1' + b']' * 500_000))",
    "many_values": "send(forged(tensors=[tensor(values=[0] * 20_000_000)]))",
    "many_empty_lists": "send(json.dumps(forged(tensors=[tensor()])).encode().replace(b'[1.0]', b'[' + b'[],' * 5_000_000 + b'[]]'))",
    "numbers_that_overflow": "send(json.dumps(forged(tensors=[tensor()])).encode().replace(b'[1.0]', b'[1e999,-1e999,' + b'9' * 100_000 + b']'))",
    "numbers_that_are_none": "send(json.dumps(forged(duration_ns=float('nan'))).encode())",
    "shape_that_lies": "send(forged(tensors=[tensor(shape=[2 ** 62, 2 ** 62]), tensor(id='t1', origin='t1', shape=[-1])]))",
    "memory_that_lies": "send(forged(tensors=[tensor(nbytes=2 ** 62), tensor(id='t1', origin='t1', nbytes=-5)], duration_ns=-(2 ** 62)))",
    "ids_that_are_not_there": "send(forged(tensors=[tensor(node='n99', view_of='t77')], edges=[{'source': 'n1', 'target': 'n2', 'input': 10 ** 18, 'slot': -1}]))",
    "ids_twice": "send(forged(tensors=[tensor(), tensor(), tensor(view_of='t0')]))",
    "views_in_a_ring": "send(forged(tensors=[tensor(view_of='t1'), tensor(id='t1', origin='t0', view_of='t0')]))",
    "ids_like_properties": "send(forged(tensors=[tensor(id=name, origin=name, name=name) for name in ('__proto__', 'constructor', '../../x', '<svg onload=alert(1)>', '')]))",
    "steps_out_of_order": "send(forged(steps=[{'index': i, 'line': line, 'stdout': [9, 3], 'variables': {'x': 't9'}} for i, line in ((5, 0), (-1, 10 ** 9), (5, 1))]))",
    "many_steps": "send(forged(steps=[{'index': i, 'line': 1, 'stdout': [0, 0]} for i in range(3_000_000)]))",
    "output_in_the_result_past_the_limit": "send(forged(stdout='x' * (90 << 20)))",
    "keys_twice": "send(b'{' + json.dumps(forged()).encode()[1:-1] + b',' + json.dumps(forged(stdout='second')).encode()[1:-1] + b'}')",
    "another_version": "send(forged(version=999, format='<script>alert(1)</script>'))",
    "markup_in_every_string": '''markup = "<img src=x onerror=\\"fetch('http://127.0.0.1:{port}/forged')\\"><script>window.hostile='forged'</script>"
def spoil(value):
    if isinstance(value, str):
        return markup + value
    if isinstance(value, dict):
        return {key: spoil(part) for key, part in value.items()}
    return [spoil(part) for part in value] if isinstance(value, list) else value
drawing = 'digraph { a [label=<<b>x</b>> URL="javascript:window.hostile=1"] } ' + markup
plain = forged(torchviz=[{"of": markup, "step": None, "show_attrs": True, "show_saved": True, "nodes": 1, "dot": drawing}])
for key in ("environment", "failure"):
    plain[key] = {name: value if name == "kind" else spoil(value) for name, value in plain[key].items()}
plain["tensors"] = [tensor(name=markup, dtype=markup, device=markup, values=["nan"])]
plain["nodes"] = [{"id": "n0", "name": markup, "line": 1, "module": markup, "order": 1, "leaf": markup, "tensor": "t0", "saved": [],
                   "saved_bytes": 0, "formula": markup, "created_by": None}]
plain["steps"] = [{"index": 0, "line": 1, "stdout": [0, 0], "variables": {markup: markup, "x": "t0"}, "function": markup}]
plain["stdout"] = plain["memory_note"] = markup
plain["warnings"] = [{"line": 1, "category": markup, "message": markup}]
plain["truncations"] = [{"observer": "steps", "cap": 1, "missing": markup}]
plain["answer"] = {"answer": "unanswered", "problem": markup}
send(plain)''',
    "drawing_with_a_script": '''dots = ['<svg xmlns="http://www.w3.org/2000/svg" onload="fetch(1)"><script>alert(1)</script></svg>',
        'digraph { a [URL="javascript:alert(1)" label=<<table><tr><td href="javascript:alert(1)">x</td></tr></table>>] }',
        'digraph { imagepath="/etc" a [image="{secret_file}" shapefile="{secret_file}"] }', "digraph {" + "a -> b;" * 10 ** 6 + "}",
        'digraph { a [fontname="{secret_file}" label="{secret_file}"] ', "digraph { a -> { " * 5000]
shown = {"of": "x", "step": None, "show_attrs": False, "show_saved": False, "nodes": 1}
send(forged(torchviz=[{**shown, "dot": dot} for dot in dots]))''',
    "pipe_closed": "os.close(3)\nprint('to whom?')\nx = 1",
    "pipe_closed_and_alive": "os.close(3)\nwhile True: time.sleep(1)",
    "pipe_replaced": "os.dup2(0, 3)\nprint('to whom?')\nx = 1",
    "pipe_replaced_by_a_file": "os.dup2(os.open('mine', os.O_CREAT | os.O_RDWR), 3)\nprint('to whom?')\nx = 1",
    "pipe_replaced_by_another_pipe": "reader, writer = os.pipe()\nos.dup2(writer, 3)\nos.set_blocking(3, False)\nprint('x' * 60_000)",
    "pipe_never_closed": "kept = [os.dup(3) for _ in range(20)]\nos.close(3)\nwhile True: time.sleep(1)",
    "pipe_made_non_blocking": "os.set_blocking(3, False)\nprint('x' * 60_000)\nprint('y' * 60_000)",
    "pipe_made_large": "print(call(NR_fcntl, 3, 1031, 1 << 20))\nsay(b'x' * (1 << 20))",
    "pipe_read_from": "attempt('read the pipe', lambda: os.read(3, 100))\nperhaps(lambda: print('its own words:', os.read(os.open('/proc/self/fd/3', os.O_RDONLY | os.O_NONBLOCK), 1000)))",
    "pipe_spliced_from_nothing": "end = time.monotonic() + 30\nwhile time.monotonic() < end:\n    if call(NR_vmsplice, 3, (ctypes.c_size_t * 2)(id(sys), 4096), 1, 0) < 0: break",
    "standard_streams_used": "for number in (0, 1, 2):\n    os.write(number, b'{\"type\":\"finishing\"}\\n' * 1000)\nos.dup2(3, 1)\nos.dup2(3, 2)\nos.system('echo x')\nLIBC.puts(b'into the pipe')\nLIBC.fflush(None)",
    "exit_before_the_end": "os._exit(0)",
    "exit_with_a_status": "os._exit(77)",
    "system_exit": "raise SystemExit('<b>bye</b>')",
    "exit_in_native_code": "LIBC.exit(0)",
    "abort": "os.abort()",
    "segmentation_fault": "ctypes.string_at(0)",
    "write_to_nowhere": "ctypes.memset(16, 1, 10)",
    "bus_error": "import mmap\nfile = os.open('mapped', os.O_CREAT | os.O_RDWR)\nos.ftruncate(file, 8192)\npage = mmap.mmap(file, 8192)\nos.ftruncate(file, 0)\nprint(page[5000])",
    "illegal_instruction": "import mmap\npage = mmap.mmap(-1, 4096, prot=7)\npage.write(b'\\x0f\\x0b')\nctypes.CFUNCTYPE(None)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()",
    "division_in_native_code": "import mmap\npage = mmap.mmap(-1, 4096, prot=7)\npage.write(bytes.fromhex('31c9 31c0 31d2 f7f1 c3'))\nctypes.CFUNCTYPE(None)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()",
    "stack_overflow_in_native_code": "import mmap\npage = mmap.mmap(-1, 4096, prot=7)\npage.write(b'\\xe8\\xfb\\xff\\xff\\xff')\nctypes.CFUNCTYPE(None)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()",
    "heap_destroyed": "block = ctypes.create_string_buffer(16)\nctypes.memset(ctypes.addressof(block) - 64, 0x41, 100_000)",
    "freed_twice": "LIBC.malloc.restype = ctypes.c_void_p\nplace = ctypes.c_void_p(LIBC.malloc(100))\nLIBC.free(place)\nLIBC.free(place)",
    "reference_counts_destroyed": "for thing in (None, True, 0, (), '', int, sys.modules):\n    ctypes.c_long.from_address(id(thing)).value = 1\nfor _ in range(10 ** 5): x = None",
    "all_memory_unmapped": "for place in range(0x7F0000000000, 0x7FFFFFFFF000, 1 << 30): LIBC.munmap(ctypes.c_void_p(place), ctypes.c_size_t(1 << 30))",
    "every_ending_signal": "import signal\nfor number in (signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGSYS, signal.SIGTRAP, signal.SIGQUIT):\n    for send in (signal.raise_signal, lambda number: os.kill(os.getpid(), number), lambda number: call(NR_tgkill, os.getpid(), call(NR_gettid), number)):\n        try:\n            send(number)\n        except OSError as error:\n            print(error)",
    "interpreter_finalised": "ctypes.pythonapi.Py_FinalizeEx()\nprint('still here')",
    "fatal_error": "ctypes.pythonapi.Py_FatalError(b'{\"type\":\"finishing\"}\\n<script>')",
    "code_object_of_nonsense": "def f(): pass\nf.__code__ = f.__code__.replace(co_code=os.urandom(200) * 10)\nf()",
})  # fmt: skip
add(
    "channel_widened",
    "results",
    _FORGE
    + r"""
channel = module("worker.channel")
import gc
for thing in gc.get_objects():
    if type(thing).__name__ == "Channel":
        thing._chars_left, thing._cut = 10 ** 9, False
    if type(thing).__name__ == "Watch":
        thing._deadline, thing._wall_seconds, thing._over = 10 ** 12, 10 ** 9, True
channel.Channel.output = lambda self, text: say(b'{"type":"output","text":"' + b"x" * 4000 + b'"}\n')
for _ in range(10 ** 6):
    print("x" * 4000)
""",
)
add(
    "limits_lifted_in_the_child",
    "results",
    _FORGE
    + r"""
import gc, msgspec
limits = module("worker.limits").Limits
for thing in gc.get_objects():
    if type(thing).__name__ in ("Limits", "Caps", "Request", "SourceLimits"):
        for name in getattr(thing, "__struct_fields__", ()):
            if isinstance(getattr(thing, name), (int, float)):
                try:
                    object.__setattr__(thing, name, 2 ** 40)
                    msgspec.structs.force_setattr(thing, name, 2 ** 40)
                except (AttributeError, TypeError) as error:
                    print(error)
print("x" * 10_000_000)
while True:
    pass
""",
)
add(
    "observers_patched",
    "results",
    r"""
for name, module in sorted(sys.modules.items()):
    if name.startswith("components."):
        for key, value in list(vars(module).items()):
            if callable(value) and not isinstance(value, type):
                try:
                    setattr(module, key, lambda *a, **k: "forged by the program")
                except (AttributeError, TypeError):
                    pass
print("all observers are mine")
import torch
x = torch.ones(2, requires_grad=True)
(x * x).sum().backward()
""",
)
add(
    "observers_classes_patched",
    "results",
    r"""
for name, module in sorted(sys.modules.items()):
    if name.startswith("components."):
        for value in list(vars(module).values()):
            if isinstance(value, type) and value.__module__.startswith("components."):
                for key in list(vars(value)):
                    if not key.startswith("__"):
                        try:
                            setattr(value, key, property(lambda self: 1 / 0))
                        except (AttributeError, TypeError):
                            pass
import torch
x = torch.ones(2, requires_grad=True)
(x * x).sum().backward()
""",
)
add(
    "encoders_patched",
    "results",
    r"""
import json, msgspec
def lie(*arguments, **words):
    return b'{"forged": "<script>alert(1)</script>"}' * 1000
json.dumps = json.JSONEncoder.encode = lie
for name in ("encode", "decode", "Encoder", "Decoder"):
    try:
        setattr(msgspec.json, name, lie)
    except (AttributeError, TypeError) as error:
        print(error)
for name, module in list(sys.modules.items()):
    if name.startswith("components"):
        for key in list(vars(module)):
            if "encode" in key:
                setattr(module, key, lie)
""",
)
add(
    "torch_patched",
    "results",
    r"""
import torch
def lie(*arguments, **words):
    raise RuntimeError("<script>alert('patched')</script>")
for owner in (torch, torch.Tensor, torch.autograd, torch.nn.Module, torch.overrides, torch.utils._python_dispatch.TorchDispatchMode):
    for name in list(vars(owner)):
        if not name.startswith("__") and callable(getattr(owner, name, None)):
            try:
                setattr(owner, name, lie)
            except (AttributeError, TypeError, RuntimeError):
                pass
torch.Tensor.shape = property(lambda self: [10 ** 18] * 10 ** 6)
torch.Tensor.grad_fn = property(lambda self: self)
x = 1
""",
)
add(
    "tensor_that_lies",
    "results",
    r"""
import torch
class Liar(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, arguments=(), words=None):
        if "size" in str(function) or "shape" in str(function):
            return torch.Size([2 ** 40] * 50)
        return super().__torch_function__(function, types, arguments, words or {})
    def tolist(self):
        while True:
            pass
    def __repr__(self, *a, **k):
        raise SystemExit("no")
    requires_grad = property(lambda self: 1 / 0)
    dtype = property(lambda self: "<b>float</b>" * 10 ** 6)
    def element_size(self):
        return -(10 ** 30)
x = torch.ones(3).as_subclass(Liar)
y = x * 2
""",
    helped=False,
)
add(
    "builtins_patched",
    "results",
    r"""
import builtins
def lie(*arguments, **words):
    return lie
for name in ("len", "isinstance", "str", "repr", "int", "sorted", "open", "getattr", "hasattr", "type", "id", "max", "min",
             "sum", "map", "range", "list", "dict", "tuple", "print", "super", "next", "iter", "abs", "round"):
    setattr(builtins, name, lie)
x = [1]
""",
    helped=False,
)
add(
    "builtins_gone",
    "results",
    r"""
import builtins
sys.modules.clear()
sys.stdout = sys.stderr = sys.__stdout__ = None
sys.excepthook = sys.unraisablehook = sys.displayhook = None
sys.path.clear()
vars(builtins).clear()
""",
)
add(
    "output_replaced",
    "results",
    r"""
import io
class Endless(io.StringIO):
    def write(self, text):
        while True:
            pass
print("before")
sys.stdout = Endless()
sys.stderr = Endless()
warned = __import__("warnings").warn("x")
print("after")
""",
)
add(
    "exception_that_resists",
    "results",
    r"""
class Meta(type):
    __name__ = property(lambda cls: 1 / 0)
    __module__ = property(lambda cls: 1 / 0)
    def __repr__(cls):
        raise KeyboardInterrupt
    def __instancecheck__(cls, thing):
        raise SystemExit
class Resists(BaseException, metaclass=Meta):
    def __str__(self):
        while True:
            try:
                pass
            except BaseException:
                pass
    __repr__ = __str__
    args = property(lambda self: 1 / 0)
    __cause__ = property(lambda self: self)
    __traceback__ = property(lambda self: None)
    def __getattribute__(self, name):
        raise Resists
raise Resists
""",
    helped=False,
)
add(
    "exceptions_of_odd_kinds",
    "results",
    r"""
class Text(str):
    def __str__(self): return Text("<script>odd</script>")
    def __len__(self): return -1
    def __getitem__(self, key): raise MemoryError
class Odd(Exception):
    def __str__(self): return Text("odd")
    @property
    def __class__(self): return KeyboardInterrupt
for kind in (GeneratorExit, KeyboardInterrupt, StopIteration, MemoryError, RecursionError):
    try:
        raise kind("std::bad_alloc")
    except BaseException as error:
        print(repr(error))
try:
    raise Odd
finally:
    raise type("RunInterrupted", (BaseException,), {"kind": "timeout", "message": 5, "__module__": "components.capture.failures"})
""",
    helped=False,
)
add(
    "interruption_forged",
    "results",
    r"""
for name, module in list(sys.modules.items()):
    if name.startswith("components") and hasattr(module, "RunInterrupted"):
        try:
            raise module.RunInterrupted("timeout", "<script>alert('interrupted')</script>" * 1000)
        except TypeError as error:
            print(error)
raise SystemExit
""",
)
add(
    "frames_of_the_observers_rewritten",
    "results",
    r"""
frame = sys._getframe().f_back  # our own is still needed
while frame is not None:
    print(frame.f_code.co_name, frame.f_code.co_filename.rsplit("/", 1)[-1])
    for name in list(frame.f_locals):
        if name not in ("frame", "name"):
            frame.f_locals[name] = None
            ctypes.pythonapi.PyFrame_LocalsToFast(ctypes.py_object(frame), ctypes.c_int(0))
    if frame.f_code.co_filename.endswith(("capture.py", "run.py", "child.py")):
        for key in ("encode_trace", "os", "signal", "time"):
            frame.f_globals.pop(key, None)
    frame = frame.f_back
""",
)
add(
    "line_numbers_that_lie",
    "results",
    r"""
text = "\n" * 5 + "raise ValueError('where?')"
for name, first in (("<program>", 10 ** 6), ("<program>", 2 ** 31 - 1), ("program.py", 7), ("../../etc/passwd", 1), ("<script>", 3)):
    code = compile(text, name, "exec")
    try:
        exec(code.replace(co_firstlineno=first, co_name="<img src=x>", co_qualname="x" * 10 ** 6))
    except ValueError as error:
        kept = error
raise kept
""",
    helped=False,
)
