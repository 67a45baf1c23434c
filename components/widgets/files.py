"""Components whose scripts are files: a browser fetches them once, while text travels again with every picture.

Streamlit serves the files of installed packages alone; so a folder is declared in the words of a package's manifest.
"""

from __future__ import annotations

import atexit
import hashlib
import shutil
import tempfile
from functools import lru_cache
from pathlib import Path

import streamlit as st
from streamlit.components.v2.get_bidi_component_manager import get_bidi_component_manager
from streamlit.components.v2.manifest_scanner import ComponentConfig, ComponentManifest
from streamlit.components.v2.types import ComponentRenderer

_PACKAGE = "autograd_lab"


def component_of(name: str, script: Path, html: str | None = None, css: str | None = None) -> ComponentRenderer:
    """Return the component with this name and script; its ``html`` and ``css`` travel, where it has some."""
    serve(name, script.parent)
    return _renderer(name, script.name, html, css)


def serve(name: str, folder: Path) -> str:
    """Let browsers have the files of a folder; return their address, as seen from the address of another such file."""
    manager = get_bidi_component_manager()
    full = f"{_PACKAGE}.{name}"
    if manager.get_component_asset_root(full) is None:
        manifest = ComponentManifest(_PACKAGE, "1", [ComponentConfig(name, folder.name)])
        manager.register_from_manifest(manifest, folder.parent)
    return f"../{full}/"


def written(name: str, text: str) -> Path:
    """Return a file with this text, in a folder of this process; its name says what is in it."""
    path = _folder() / _named(name, text)
    if not path.exists():  # it may also be that something has tidied up
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(text, encoding="utf-8")
    return path


@lru_cache(maxsize=8)
def _named(name: str, text: str) -> str:
    stem, _, ending = name.partition(".")
    return f"{stem}-{hashlib.sha256(text.encode()).hexdigest()[:16]}.{ending}"


@lru_cache(maxsize=8)
def _renderer(name: str, script: str, html: str | None, css: str | None) -> ComponentRenderer:
    return st.components.v2.component(f"{_PACKAGE}.{name}", js=script, html=html, css=css)


@lru_cache(maxsize=1)
def _folder() -> Path:
    made = tempfile.mkdtemp(prefix="autograd-lab-")
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return Path(made) / "files"
