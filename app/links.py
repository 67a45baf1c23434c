"""What a person shares, as part of an address: a program as it is, where it is short, else packed; forms, pairs.

Links come from strangers and through chat programs that cut them, so that reading one checks everything: the alphabet,
a checksum (that of zlib), how much comes out, and that it is as many texts as were asked for.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib
from collections.abc import Mapping, Sequence
from urllib.parse import quote

import msgspec

from components.source.form import BackwardPress, Form, Leaf, ZeroGrad

# What browsers, proxies and chat programs let through; a link of 8,192 characters is refused by some of them.
LONGEST = 7_000
# A text of so many characters, once quoted, can be read in the address.
_READABLE = 420
# As long as a program may be (50,000 characters of up to four bytes), twice.
_MOST_BYTES = 400_000
# The names in an address.
CODE, PACKED, PAIR, FORM = "code", "packed", "pair", "form"
# How addresses are written: what a browser leaves as it is.
SAFE = "!*'()~,;:@/$"


def program_link(text: str) -> dict[str, str]:
    """Return the part of an address that holds a program. Raises ``TooLong``."""
    return {CODE: text} if _is_readable(text) else {PACKED: pack([text])}


def _is_readable(text: str) -> bool:
    """Whether a text is short once it stands in an address, and comes out of it as it was."""
    try:
        return bool(text) and len(quote(text, safe=SAFE)) <= _READABLE and "\r" not in text
    except UnicodeEncodeError:
        return False


def linked_program(address: Mapping[str, str]) -> str | None:
    """Return the program that an address holds, ``None`` if it holds none. Raises ``DamagedLink``."""
    if CODE in address:
        return address[CODE]
    return unpack(address[PACKED], 1)[0] if PACKED in address else None


def form_link(form: Form) -> dict[str, str]:
    """Return the part of an address that holds a Playground's form. Raises ``TooLong``."""
    text = _form_text(form)
    try:
        readable = _is_readable(text) and _form_of(text) == form
    except DamagedLink:  # what is typed looks like other parts of a form
        readable = False
    return {FORM: text if readable else pack([json.dumps(msgspec.to_builtins(form))])}


def linked_form(address: Mapping[str, str]) -> Form | None:
    """Return the form that an address holds, ``None`` if it holds none. Raises ``DamagedLink``."""
    text = address.get(FORM)
    if text is None:
        return None
    if "|" in text:
        return _form_of(text)
    try:
        return msgspec.convert(json.loads(unpack(text, 1)[0]), Form)
    except (ValueError, msgspec.ValidationError, RecursionError):
        raise DamagedLink(_DAMAGED) from None


def _form_text(form: Form) -> str:
    """A form as people can read it: ``x**3|x=2.0|w=3:int64:fixed|backward(retain_graph)|``."""
    parts = [form.expression]
    for leaf in form.leaves:
        kind = "" if leaf.dtype == Leaf("x").dtype else f":{leaf.dtype}"
        parts.append(f"{leaf.name}={leaf.value}{kind}{'' if leaf.requires_grad else ':fixed'}")
    for action in form.actions:
        if isinstance(action, ZeroGrad):
            parts.append("zero_grad")
        else:
            toggles = [name for name in ("retain_graph", "create_graph") if getattr(action, name)]
            parts.append(f"backward({','.join(toggles)})")
    return "|".join([*parts, *(["no_grad"] if form.no_grad else []), ""])


_LEAF = re.compile(r"(?P<name>\w+)=(?P<value>.*?)(?::(?P<dtype>[a-z]+\d*))??(?P<fixed>:fixed)?", re.DOTALL)


def _form_of(text: str) -> Form:
    expression, *parts = text.split("|")
    leaves, actions, no_grad = [], list[BackwardPress | ZeroGrad](), False
    for part in filter(None, parts):
        leaf = _LEAF.fullmatch(part)
        if leaf is not None:
            dtype = leaf["dtype"] or Leaf("x").dtype
            leaves.append(Leaf(leaf["name"], leaf["value"], requires_grad=leaf["fixed"] is None, dtype=dtype))
        elif part.startswith("backward"):
            actions.append(BackwardPress("retain_graph" in part, "create_graph" in part))
        elif part == "zero_grad":
            actions.append(ZeroGrad())
        elif part == "no_grad":
            no_grad = True
        else:
            raise DamagedLink(_DAMAGED)
    return Form(expression, tuple(leaves), tuple(actions), no_grad)


class TooLong(ValueError):
    """The texts do not fit into a link; the message says by how much and what to do instead."""


class DamagedLink(ValueError):
    """The link is no link of ours or was cut on its way; the message says what to do."""


def pack(texts: Sequence[str], longest: int = LONGEST) -> str:
    """Return texts as letters, digits, ``-`` and ``_``, together: alike texts take little more room than one.

    Raises:
        TooLong: more than ``longest`` characters would be needed.
    """
    encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
    head = ",".join(str(len(text)) for text in encoded)
    packed = zlib.compress(b"\n".join([head.encode(), b"".join(encoded)]), 9)
    link = base64.urlsafe_b64encode(packed).decode().rstrip("=")
    if len(link) > longest:
        raise TooLong(
            f"This is too long for a link: packed it has {len(link):,} characters, and a link that works "
            f"everywhere has at most {longest:,}. Share a file instead."
        )
    return link


def unpack(link: str, count: int) -> tuple[str, ...]:
    """Return the ``count`` texts of a packed link.

    Raises:
        DamagedLink: it is cut, changed, something else, or would unpack to more than programs can be.
    """
    try:
        data = _opened(base64.b64decode(link + "=" * (-len(link) % 4), altchars=b"-_", validate=True))
        head, _, body = data.partition(b"\n")
        if not re.fullmatch(rb"\d{1,7}(,\d{1,7})*", head):
            raise DamagedLink(_DAMAGED)
        sizes = [int(size) for size in head.split(b",")]
        if len(sizes) != count or sum(sizes) != len(body):
            raise DamagedLink(_DAMAGED)
        ends = [sum(sizes[: place + 1]) for place in range(count)]
        parts = (body[end - size : end] for size, end in zip(sizes, ends, strict=True))
        return tuple(part.decode("utf-8", "surrogatepass") for part in parts)
    except (binascii.Error, zlib.error, UnicodeError, ValueError):
        raise DamagedLink(_DAMAGED) from None


_DAMAGED = (
    "This link is damaged: its programs cannot be read. It may have been cut on its way; copy the whole link again, "
    "or ask for the programs as files."
)


def _opened(packed: bytes) -> bytes:
    """Decompress no more than programs can be, whatever the data claim."""
    opener = zlib.decompressobj()
    data = opener.decompress(packed, _MOST_BYTES + 1)
    if len(data) > _MOST_BYTES or not opener.eof or opener.unused_data:
        raise DamagedLink(_DAMAGED)
    return data
