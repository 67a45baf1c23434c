"""Files outside a sandbox: those that must stay as they are, and places where nothing may be left."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import shutil
import site
import stat
import sys
import sysconfig
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

# System V keys that the programs use.
_FIRST_KEY, _LAST_KEY = 0x484F0000, 0x484FFFFF
_libc = ctypes.CDLL(None, use_errno=True)

# Where programs try to leave something; only entries with the world's own tag, or these names, are looked for.
_PLACES = (
    *("/", "/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", "/dev", "/run", "/run/lock", "/etc", "/root", "/home"),
    *("/usr", "/usr/lib", "/usr/local/bin", "/var/log", "/var/cache", "/var/lib", "/opt", "/srv", "/boot"),
    *("/sys/fs/cgroup", "/etc/cron.d", "/etc/ld.so.conf.d", "/usr/share/fonts", "/usr/share/zoneinfo"),
)
_HOME_PLACES = (".cache", ".config", ".cache/torch_extensions", ".cache/torch/hub", ".cache/torch/kernels")
_PLANTED_NAMES = frozenset({"hostile_package.py", "sitecustomize_hostile.py", "hostile.pth", "usercustomize.py"})
_KERNEL_SETTINGS = (
    *("/proc/sys/kernel/hostname", "/proc/sys/kernel/domainname", "/proc/sys/kernel/core_pattern"),
    *("/proc/sys/kernel/modprobe", "/proc/sys/kernel/randomize_va_space", "/proc/swaps"),
)

_Look = dict[str, tuple[object, ...]]


class Files:
    """Folders of our own, and files of others that only are looked at, in every respect that a program could change."""

    def __init__(self, trees: Iterable[Path], singles: Iterable[Path]) -> None:
        self._trees = tuple(trees)
        self._singles = tuple(singles)
        self._before = self._look()

    def _look(self) -> _Look:
        seen: _Look = {str(path): _seen(path, content=False) for path in self._singles}
        for tree in self._trees:
            seen[str(tree)] = _seen(tree)
            for folder, folders, files in os.walk(tree):
                seen |= {path: _seen(Path(path)) for path in (os.path.join(folder, name) for name in folders + files)}
        return seen

    def changes(self) -> list[str]:
        """Say what was made, removed or changed, and how."""
        now = self._look()
        before = self._before
        return [
            *(f"{path} is new" for path in sorted(now.keys() - before.keys())),
            *(f"{path} is gone" for path in sorted(before.keys() - now.keys())),
            *(
                f"{path} changed: {', '.join(_differences(before[path], now[path]))}"
                for path in sorted(now.keys() & before.keys())
                if now[path] != before[path]
            ),
        ]


_ASPECTS = ("presence", "mode", "owner", "group", "size", "links", "mtime", "ctime", "attributes", "content")


def _seen(path: Path, *, content: bool = True) -> tuple[object, ...]:
    try:
        status = path.lstat()
    except OSError:
        return (False,)
    attributes: tuple[object, ...] = ()
    data: object = None
    with suppress(OSError):
        names = os.listxattr(path, follow_symlinks=False)
        attributes = tuple((name, os.getxattr(path, name, follow_symlinks=False)) for name in sorted(names))
    if stat.S_ISLNK(status.st_mode):
        data = os.readlink(path)
    elif content and stat.S_ISREG(status.st_mode):
        with suppress(OSError):
            data = path.read_bytes()[: 1 << 20]
    whose = (status.st_mode, status.st_uid, status.st_gid)
    when = (status.st_mtime_ns, status.st_ctime_ns)
    return True, *whose, status.st_size, status.st_nlink, *when, attributes, data


def _differences(before: tuple[object, ...], now: tuple[object, ...]) -> list[str]:
    if len(before) != len(now):
        return ["presence"]
    return [name for name, old, new in zip(_ASPECTS, before, now, strict=True) if old != new]


class LeftOver:
    """What carries the world's tag in places that all share: files, shared memory, keys, mounts, kernel settings."""

    def __init__(self, tag: str, app: Path) -> None:
        self._tag = tag
        home = Path.home()
        here = (sys.prefix, sys.base_prefix, *site.getsitepackages(), site.getusersitepackages())
        own = (app, app / "app", *(home / name for name in _HOME_PLACES))
        every = (*_PLACES, tempfile.gettempdir(), *here, *sysconfig.get_paths().values(), *own)
        caches = [f"{folder}/torchinductor_{user}" for folder in ("/tmp", "/var/tmp") for user in ("root", os.getuid())]
        self._places = tuple(dict.fromkeys(map(str, (*every, *caches, home))))
        self._planted = self._planted_files()
        self._settings = self._read_settings()

    def _entries(self) -> Iterator[str]:
        for place in self._places:
            with suppress(OSError):
                yield from (os.path.join(place, name) for name in os.listdir(place))

    def _planted_files(self) -> set[str]:
        return {path for path in self._entries() if os.path.basename(path) in _PLANTED_NAMES}

    def _tagged_files(self) -> set[str]:
        return {path for path in self._entries() if self._tag in os.path.basename(path)}

    def _read_settings(self) -> dict[str, str]:
        found = {}
        for path in _KERNEL_SETTINGS:
            with suppress(OSError):
                found[path] = Path(path).read_text()
        return found

    def _system_v(self) -> Iterator[tuple[str, int]]:
        for kind in ("shm", "sem", "msg"):
            with suppress(OSError):
                for line in Path(f"/proc/sysvipc/{kind}").read_text().splitlines()[1:]:
                    key, number = line.split()[:2]
                    if _FIRST_KEY <= int(key) <= _LAST_KEY:
                        yield kind, int(number)

    def _queues(self) -> list[bytes]:
        """Return the message queues that the programs make, where they are: no folder need list them."""
        found = []
        for name in (f"/{self._tag}-queue", f"/{self._tag}-queue2"):
            descriptor = _libc.mq_open(name.encode(), os.O_RDONLY)
            if descriptor >= 0:
                os.close(descriptor)
                found.append(name.encode())
        return found

    def _lines_with_the_tag(self) -> Iterator[str]:
        for path in ("/proc/self/mountinfo", "/proc/keys", "/proc/modules"):
            with suppress(OSError):
                for line in Path(path).read_text("utf-8", "replace").splitlines():
                    if self._tag in line or "hostile_module" in line:
                        yield f"{path}: {line}"

    def changes(self) -> list[str]:
        """Say what is there that was not."""
        now = self._read_settings()
        return [
            *(f"{path} was left" for path in sorted(self._tagged_files() | (self._planted_files() - self._planted))),
            *(f"a {kind} of System V was left" for kind, _ in self._system_v()),
            *(f"a message queue was left: {name.decode()}" for name in self._queues()),
            *self._lines_with_the_tag(),
            *(f"{path} changed" for path, text in self._settings.items() if now.get(path) != text),
        ]

    def close(self) -> None:
        """Remove what was left, which only this world's programs can have made."""
        for path in self._tagged_files() | (self._planted_files() - self._planted):
            with suppress(OSError):
                if os.path.isdir(path) and not os.path.islink(path):
                    shutil.rmtree(path)
                else:
                    os.unlink(path)
        for queue in self._queues():
            _libc.mq_unlink(queue)
        for kind, number in list(self._system_v()):
            if kind == "sem":
                _libc.semctl(number, 0, 0)
            else:
                getattr(_libc, f"{kind}ctl")(number, 0, None)


def files_only_looked_at() -> list[Path]:
    """Return files of Python's own that programs may read and try to change."""
    torch = importlib.util.find_spec("torch")
    paths = [os.__file__, os.path.realpath(sys.executable), torch.origin if torch is not None else None]
    return [Path(path) for path in paths if path is not None]
