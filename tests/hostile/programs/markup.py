"""Hostile programs. Markup: every text of a program is text wherever it is shown, and loads nothing."""

from __future__ import annotations

from tests.hostile.programs.catalogue import add

_MARKUP = r"""
AT = "http://127.0.0.1:{port}/markup"
SCRIPT = f"<script>window.hostile = 1; fetch('{AT}')</script>"
IMAGE = f"<img src='{AT}' onerror=\"window.hostile = 2\">"
MARKUP = [SCRIPT, IMAGE, f"\"'></style></textarea></title></script><svg onload=\"fetch('{AT}')\">",
          f"<iframe srcdoc=\"<script>parent.hostile = 3</script>\"></iframe><link rel=stylesheet href='{AT}'>",
          f"![picture]({AT}) [link](javascript:window.hostile=4) <{AT}> :red[x] $\\href{{javascript:alert(1)}}{{x}}$",
          f"<a href=\"javascript:fetch('{AT}')\" id=x name=hostile>x</a><form action='{AT}'><input autofocus onfocus=alert(1)>",
          f"<meta http-equiv=refresh content=\"0;url={AT}\"><base href='{AT}'><style>@import url({AT});</style>",
          "&lt;script&gt;alert(1)&lt;/script&gt; &#60;script&#62; \\u003cscript\\u003e ${7*7} {{7*7}} <%= 7*7 %>",
          "\x1b[31mred\x1b]0;title\x07\x1b]8;;javascript:alert(1)\x07 \u202eright to left\u2066 \x00 \x08\x08 \ufeff \ud83d",
          f"\"]; hostile [URL=\"{AT}\" label=<<b>bold</b>>]; x [label=\"", "]]><!--", "*/ alert(1) /*", "';alert(1)//",
          "__proto__", "constructor", "toString", "=HYPERLINK(\"" + AT + "\")", "%3Cscript%3E", "../../../etc/passwd"]
ALL = " ".join(MARKUP).encode("utf-8", "replace").decode()
"""


def _add_markup(bodies: dict[str, str]) -> None:
    for name, body in bodies.items():
        add(name, "markup", f"{_MARKUP}{body}", helped=False)


_add_markup({
    "printed": '''
import sys
for text in MARKUP:
    try:
        print(text)
        print(text, file=sys.stderr)
    except UnicodeError as error:
        print(error)
''',
    "message_of_an_exception": "\nraise ValueError(ALL)\n",
    "message_of_pytorchs_exception": "\nimport torch\ntorch.ones(2).to(ALL)\n",
    "message_of_einsum": "\nimport torch\ntorch.einsum(ALL, torch.ones(2))\n",
    "name_of_an_exceptions_type": "\nraise type(ALL.replace('\\x00', ''), (Exception,), {'__module__': SCRIPT})(IMAGE)\n",
    "notes_and_causes": '''
error = ValueError(SCRIPT)
for text in MARKUP:
    error.add_note(text)
raise ExceptionGroup(IMAGE, [error, KeyError(ALL)]) from RuntimeError(SCRIPT)
''',
    "name_error_with_markup": "\nraise NameError(SCRIPT, name=IMAGE)\n",
    "key_error": "\n{}[ALL]\n",
    "assertion": "\nassert False, ALL\n",
    "system_exit_with_markup": "\nraise SystemExit(ALL)\n",
    "syntax_error_with_markup": "\nx = <script>fetch('http://127.0.0.1:{port}/syntax')</script>\n",
    "comments_and_source": '''
# <script>window.hostile = 9</script> <img src=x onerror="fetch('http://127.0.0.1:{port}/comment')">
"""</script><script>window.hostile = 10</script> </pre></textarea> ]]> --> ${'$'}{x} `x`"""
x = "</script><script>window.hostile = 11</script>"  # </code></pre><svg onload=alert(1)>
raise ValueError("</script>")  # </script><img src=x onerror=alert(1)>
''',
    "names_of_variables": '''
import torch
for text in MARKUP:
    globals()[text] = torch.ones(2, requires_grad=True)
\u0430lpha = torch.ones(1, requires_grad=True)
a\u0301\u0302\u0303 = \u0430lpha * 2
globals()["x" * 100_000] = \u0430lpha
total = sum(value.sum() for value in list(globals().values()) if isinstance(value, torch.Tensor))
total.backward()
''',
    "values_of_variables": '''
a, b, c, d, e = MARKUP[:5]
f = dict.fromkeys(MARKUP)
g = set(MARKUP)
h = type("<b>C</b>", (), {"__repr__": lambda self: ALL})()
i = {text: {text: text} for text in MARKUP}
''',
    "names_of_modules_and_parameters": '''
import torch
model = torch.nn.Module()
for text in MARKUP:
    text = text.replace(".", "\u2024") or "empty"
    model.add_module(text, torch.nn.Linear(2, 2))
    model.register_parameter(text + "p", torch.nn.Parameter(torch.ones(2)))
    model.register_buffer(text + "b", torch.ones(2))
model.__class__.__name__ = SCRIPT
model.extra_repr = lambda: ALL
print(model)
sum(part.sum() for part in model.parameters()).backward()
model.load_state_dict({IMAGE: torch.ones(1)})
''',
    "names_of_modules_classes": '''
import torch
def forward(self, x):
    return x * 2
Module = type(SCRIPT, (torch.nn.Module,), {"forward": forward, "__module__": IMAGE, "__qualname__": ALL})
x = torch.ones(2, requires_grad=True)
y = torch.nn.Sequential(Module(), Module())(x)
y.sum().backward()
''',
    "names_of_functions_and_hooks": '''
import torch
def hook(grad):
    return grad * 2
hook.__name__, hook.__qualname__, hook.__module__, hook.__doc__ = SCRIPT, IMAGE, ALL, ALL
hook.__code__ = hook.__code__.replace(co_name=SCRIPT, co_filename=IMAGE, co_qualname=ALL)
x = torch.ones(2, requires_grad=True)
x.register_hook(hook)
y = hook(x)
y.grad_fn.register_hook(lambda *g: None)
y.sum().backward()
''',
    "names_of_autograd_functions": '''
import torch
class Function(torch.autograd.Function):
    @staticmethod
    def forward(context, x):
        context.save_for_backward(x)
        return x * 2
    @staticmethod
    def backward(context, grad):
        return grad * 2
for text in MARKUP:
    try:
        kind = type(text, (Function,), {"__module__": SCRIPT})
        y = kind.apply(torch.ones(2, requires_grad=True))
        print(y.grad_fn)
        y.sum().backward()
    except (ValueError, UnicodeError) as error:
        print(error)
''',
    "metadata_of_nodes": '''
import torch
with torch.autograd.set_detect_anomaly(True):
    x = torch.ones(2, requires_grad=True)
    y = x.log()
    for text in MARKUP:
        y.grad_fn.metadata[text] = text
    y.grad_fn.metadata["traceback_"] = MARKUP
    (y * float("nan")).sum().backward()
''',
    "names_of_profiler_ranges": '''
import torch
x = torch.ones(2, requires_grad=True)
for text in MARKUP:
    try:
        with torch.profiler.record_function(text):
            y = (x * 2).sum()
    except UnicodeError as error:
        print(error)
y.backward()
''',
    "keys_of_dictionaries": '''
import torch
state = {text: torch.ones(1, requires_grad=True) for text in MARKUP}
state[SCRIPT, 1], state[b"<b>"], state[None] = 1, 2, 3
parameters = torch.nn.ParameterDict({"<b>" + str(i): torch.ones(1) for i in range(3)})
optimizer = torch.optim.SGD([{"params": list(parameters.values()), IMAGE: SCRIPT}], lr=0.1)
print(optimizer, parameters, state)
sum(state[text] for text in MARKUP).backward()
''',
    "warnings_with_markup": '''
import warnings
warnings.simplefilter("always")
for text in MARKUP:
    warnings.warn(text)
    warnings.warn(text, type(SCRIPT, (UserWarning,), {"__module__": IMAGE}))
    warnings.warn_explicit(text, UserWarning, IMAGE, 1, module=SCRIPT)
import logging
logging.warning("%s", ALL)
''',
    "texts_of_figures": '''
import matplotlib
matplotlib.use("svg")
matplotlib.rcParams["svg.fonttype"] = "none"
matplotlib.rcParams["text.parse_math"] = False
from matplotlib import pyplot
figure, axes = pyplot.subplots()
line, = axes.plot([1, 2], [1, 2], label=SCRIPT, gid=IMAGE, url="javascript:window.hostile=5")
axes.set_title(SCRIPT)
axes.set_xlabel(IMAGE, url="javascript:alert(1)")
axes.set_ylabel(MARKUP[2])
axes.text(1, 1, MARKUP[10])
axes.legend(title=MARKUP[3])
figure.canvas.manager and figure.canvas.manager.set_window_title(SCRIPT)
pyplot.savefig("figure.svg", metadata={"Title": SCRIPT, "Creator": IMAGE, "Description": ALL.replace("\\x00", "")})
pyplot.show()
''',
    "figure_with_an_image_from_elsewhere": '''
import matplotlib
matplotlib.use("svg")
from matplotlib import pyplot
matplotlib.rcParams["svg.image_inline"] = False
pyplot.imshow([[1, 2], [3, 4]])
pyplot.title("$\\\\mathtt{<script>}$ $\\\\mathdefault{x}$")
pyplot.savefig("figure.svg")
pyplot.show()
''',
    "file_of_svg_left": '''
for name in ("figure.svg", "plot.html", "<img src=x>.svg", "a.xhtml", "a.pdf", "index.html", "\u202egvs.exe"):
    with open(name, "w") as file:
        file.write(f"<svg xmlns='http://www.w3.org/2000/svg' onload=\\"fetch('{AT}')\\">{SCRIPT}<foreignObject>{IMAGE}"
                   f"</foreignObject><image href='{AT}'/><use href='{AT}#x'/><a href='javascript:alert(1)'>x</a></svg>")
print(open("figure.svg").read())
''',
    "svg_that_is_a_bomb": '''
class Bomb:
    def _repr_svg_(self):
        entities = "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 12))
        return f'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a0 "x"><!ENTITY f SYSTEM "file://{secret_file}">{entities}]><svg>&a11;&f;</svg>'
try:
    from IPython.display import display
except ImportError:
    import builtins
    display = getattr(builtins, "display", print)
display(Bomb())
Bomb()
''',
    "displayed_as_html": '''
class Shown:
    def _repr_html_(self):
        return ALL
    def _repr_svg_(self):
        return f"<svg xmlns='http://www.w3.org/2000/svg' onload=\\"fetch('{AT}')\\">{SCRIPT}<image href='{AT}'/></svg>"
    def _repr_markdown_(self):
        return ALL
    def _repr_latex_(self):
        return "$\\\\href{javascript:alert(1)}{x} \\\\unicode{<script>} \\\\def\\\\a{\\\\a\\\\a}\\\\a$"
    def _repr_javascript_(self):
        return f"window.hostile = 6; fetch('{AT}')"
    def _repr_json_(self):
        return {SCRIPT: IMAGE}
    def _repr_pdf_(self):
        return b"%PDF-1.4 /OpenAction << /JS (app.alert(1)) >>"
    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/html": ALL, "application/javascript": "window.hostile = 7", SCRIPT: IMAGE, "text/plain": ALL}
    def _ipython_display_(self):
        print(ALL.replace("\\x00", ""))
    def __repr__(self):
        return SCRIPT
try:
    from IPython.display import display
except ImportError:
    import builtins
    display = getattr(builtins, "display", print)
display(Shown())
Shown()
''',
    "displayed_with_damaged_data": '''
import builtins
class Shown:
    def __init__(self, data):
        self.data = data
    def _repr_png_(self):
        return self.data
    _repr_jpeg_ = _repr_gif_ = _repr_svg_ = _repr_html_ = _repr_png_
png = b"\\x89PNG\\r\\n\\x1a\\n\\0\\0\\0\\rIHDR" + b"\\xff" * 8 + b"\\x08\\x06\\0\\0\\0\\0\\0\\0\\0" + b"\\0\\0\\0\\0IDAT" * 1000
display = getattr(builtins, "display", print)
for data in (png, b"", b"\\x89PNG", SCRIPT.encode(), SCRIPT, None, 5, object(), bytearray(png), memoryview(png), [png],
             "data:text/html," + SCRIPT, b"GIF89a\\xff\\xff\\xff\\xff", "x" * (50 << 20), b"\\0" * (50 << 20), "\\ud800"):
    try:
        display(Shown(data))
    except Exception as error:
        print(type(error).__name__)
''',
    "displayed_without_end": '''
import builtins
class Shown:
    def __getattr__(self, name):
        return Shown()
    def __call__(self, *a, **k):
        return self
    def _repr_html_(self):
        while True:
            pass
display = getattr(builtins, "display", print)
for _ in range(10_000):
    display(Shown())
''',
    "tables_with_markup": '''
import torch
class Row(dict):
    pass
rows = [Row({text: text}) for text in MARKUP]
print(rows)
try:
    import pandas
    frame = pandas.DataFrame({text: [text] for text in MARKUP})
    print(frame.to_html(escape=False))
    frame
except Exception as error:
    print(type(error).__name__)
x = torch.ones(2, 2, requires_grad=True)
x.sum().backward()
''',
    "names_of_threads_and_files": '''
import os, threading
def fail():
    raise ValueError(ALL)
for text in MARKUP:
    try:
        thread = threading.Thread(target=fail, name=text)
        thread.start()
        thread.join()
        open(text.replace("/", "_")[:60], "w").write(text)
    except (OSError, ValueError, RuntimeError, UnicodeError) as error:
        print(type(error).__name__)
os.mkdir("<script>alert(1)<")
raise FileNotFoundError(2, SCRIPT, IMAGE)
''',
    "addresses_and_downloads": '''
import torch
x = torch.ones(1, requires_grad=True)
print(f"{AT} javascript:alert(1) data:text/html,{SCRIPT} file://{secret_file} \\\\\\\\server\\\\share mailto:x@example.org")
print(f"[click]({AT}) <{AT}> ![x]({AT}?a) [x]: {AT}")
raise RuntimeError(f"See {AT} or [here](javascript:alert(1)) and `{SCRIPT}` **bold** | a | b |")
''',
    "very_long_and_very_many": '''
for _ in range(200_000):
    print("<b>", end="")
a = ["<i>"] * 100_000
b = {f"<{i}>": i for i in range(100_000)}
raise ValueError("\\n" * 500_000 + SCRIPT + "W" * 500_000 + "\u0301" * 100_000)
''',
    "text_that_breaks_json_in_a_page": '''
for text in ("</script>", "\\u2028", "\\u2029", "<!--<script>", "]]>", "\\\\u003c", "\\x7f", "\\x85", '"}', "\\\\", "\\\\'", "\\x1b"):
    print(text * 3)
    globals()[text] = text
raise KeyError("</script><script>window.hostile = 8</script>")
''',
})  # fmt: skip
