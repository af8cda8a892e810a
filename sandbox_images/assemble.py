"""SANDBOX, untrusted: build step of every image; runs once, in the first stage, with the base's own Python.

Copies into `/rootfs` what a sandbox needs and nothing else: the interpreter, the standard library without its network
and packaging parts, the image's packages, our parsers, and the shared libraries these name. The second stage is `FROM
scratch` plus that tree, so a sandbox has no shell, no package manager and no other program. The result depends on the
inputs alone: every time stamp is the same constant.
"""

import ast
import importlib.util
import marshal
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

BUILD = Path("/build")
ROOTFS = Path("/rootfs")
APPLICATION = ROOTFS / "opt/gloveport"
TIMESTAMP = 1_700_000_000  # seconds since the epoch; any constant will do
SANDBOX_UID = 65532

# Graphical, packaging and test parts; what a sandbox with one file and no network has no use for.
STDLIB_DROPPED = frozenset({
    "ctypes/test", "curses", "dbm", "dist-packages", "distutils", "ensurepip", "idlelib", "lib2to3", "pydoc_data",
    "site-packages", "sqlite3", "test", "tkinter", "turtle.py", "turtledemo", "unittest/test", "venv",
})  # fmt: skip
# OpenSSL costs 2 ms at each start and a sandbox has no network; hashlib falls back on the interpreter's own hashes.
EXTENSIONS_DROPPED = (
    "_ssl", "_hashlib", "_crypt", "_ctypes_test", "_curses", "_dbm", "_gdbm", "_sqlite3", "_test", "_tkinter", "_xx",
    "audioop", "nis", "ossaudiodev", "readline", "xx",
)  # fmt: skip
PACKAGE_PARTS_DROPPED = (
    "bin/", "docx/templates/default-docx-template/", "gcld3/pybind_ext.cc", "gcld3/tests/", "lxml/includes/",
    "lxml/isoschematron/", "numpy/_core/tests/", "pandas/tests/", "pymupdf/mupdf-devel/", "unstructured/metrics/",
)  # fmt: skip
DOCSTRINGS_KEPT = ("numpy", "pandas")  # they edit their own while they are imported, and fail where there are none
SUFFIXES_DROPPED = frozenset({".a", ".c", ".cpp", ".h", ".pxd", ".pxi", ".pyc", ".pyi", ".pyx"})
DIST_INFO_DROPPED = frozenset({"INSTALLER", "RECORD", "REQUESTED", "direct_url.json", "uv_cache.json"})


def main() -> None:
    """Build the tree under `/rootfs`."""
    copy_interpreter()
    copy_packages()
    for kept in sys.argv[1:]:
        copy_from_base(Path(kept))
    for package in ("parsers", "contract"):
        shutil.copytree(BUILD / package, APPLICATION / package)
    shutil.copy2(BUILD / "launch.py", APPLICATION / "launch.py")
    compile_tree(ROOTFS)
    copy_shared_libraries()
    write_system_files()
    settle(ROOTFS)


def copy_interpreter() -> None:
    """Interpreter and standard library, in one layout whatever the base's prefix is."""
    stdlib = ROOTFS / f"usr/lib/python{sys.version_info.major}.{sys.version_info.minor}"
    copy_file(Path(sys.executable).resolve(), ROOTFS / "usr/bin/python3", 0o755)
    source = Path(sysconfig.get_path("stdlib"))
    for path in files_under(source):
        relative = path.relative_to(source)
        if not _is_dropped_from_stdlib(relative):
            copy_file(path, stdlib / relative)


def _is_dropped_from_stdlib(relative: Path) -> bool:
    """Whether this file of the standard library stays behind."""
    prefixes = {"/".join(relative.parts[:depth]) for depth in range(1, len(relative.parts) + 1)}
    if prefixes & STDLIB_DROPPED or relative.parts[0].startswith("config-"):
        return True
    return relative.parts[0] == "lib-dynload" and relative.name.startswith(EXTENSIONS_DROPPED)


def copy_packages() -> None:
    """The installed packages, without headers, stubs, scripts and installer records; licences stay."""
    for path in files_under(BUILD / "site"):
        relative = path.relative_to(BUILD / "site")
        if relative.as_posix().startswith(PACKAGE_PARTS_DROPPED):
            continue
        if relative.suffix in SUFFIXES_DROPPED:
            continue
        if relative.parts[0].endswith(".dist-info") and relative.name in DIST_INFO_DROPPED:
            continue
        copy_file(path, APPLICATION / relative)


def copy_from_base(kept: Path) -> None:
    """A program or a folder of data that the image's Dockerfile names. Raises `SystemExit` when it is not there."""
    if not kept.exists():
        sys.exit(f"assemble: the base does not have {kept}")
    for path in files_under(kept) if kept.is_dir() else (kept,):
        copy_file(path, ROOTFS / str(path).lstrip("/"), 0o755 if os.access(path, os.X_OK) else 0o644)


def files_under(root: Path) -> Iterator[Path]:
    """Every regular file below `root`, sorted, without bytecode caches."""
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        for name in sorted(names):
            path = Path(folder, name)
            if path.is_file():
                yield path


def copy_file(source: Path, target: Path, mode: int = 0o644) -> None:
    """Copy the content alone; a link is copied as what it points to."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    target.chmod(mode)


def compile_tree(root: Path) -> None:
    """Compile every module; a file that is no valid Python of this version (a template) stays uncompiled."""
    for path in files_under(root):
        if path.suffix == ".py":
            compile_module(path, "/" + path.relative_to(root).as_posix())


def compile_module(path: Path, shown_as: str) -> None:
    """Write `__pycache__/….pyc`, marked unchecked: on a read-only root a stale one could never be replaced.

    Docstrings are left out (a tenth of start-up is reading them); assertions stay, they guard against bad input.
    """
    source = path.read_bytes()
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return
    if not shown_as.startswith(tuple(f"/opt/gloveport/{package}/" for package in DOCSTRINGS_KEPT)):
        tree = without_docstrings(tree)
    code = compile(tree, shown_as, "exec", dont_inherit=True, optimize=0)
    flags = (0b01).to_bytes(4, "little")  # PEP 552: hash-based, source not checked
    header = importlib.util.MAGIC_NUMBER + flags + importlib.util.source_hash(source)
    target = Path(importlib.util.cache_from_source(path, optimization=""))
    target.parent.mkdir(exist_ok=True)
    target.write_bytes(header + marshal.dumps(code))


def without_docstrings(tree: ast.Module) -> ast.Module:
    """The same module with every docstring cut out."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(tree):
        if isinstance(node, documented) and ast.get_docstring(node, clean=False) is not None:
            place = node.body[0]
            node.body[:1] = [] if len(node.body) > 1 else [ast.copy_location(ast.Pass(), place)]
    return tree


def copy_shared_libraries() -> None:
    """Everything the dynamic loader would load for the interpreter and each extension module."""
    loader = next(Path(path) for path in LOADERS if Path(path).exists())
    copy_file(loader, ROOTFS / str(loader).lstrip("/"), 0o755)
    for path in list(files_under(ROOTFS)):
        if path.suffix == ".so" or ".so." in path.name or os.access(path, os.X_OK):
            for library in shared_libraries_of(loader, path):
                if not library.is_relative_to(ROOTFS):
                    copy_file(library, ROOTFS / str(library).lstrip("/"))
    if Path("/etc/ld.so.cache").exists():  # where libraries stand outside the loader's own folders
        copy_file(Path("/etc/ld.so.cache"), ROOTFS / "etc/ld.so.cache")


LOADERS = ("/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1")


def shared_libraries_of(loader: Path, binary: Path) -> Iterator[Path]:
    """Paths of the libraries the loader resolves for this file. Raises `SystemExit` naming one it cannot find."""
    answer = subprocess.run([loader, "--list", binary], capture_output=True, text=True, timeout=60, check=False)
    for line in answer.stdout.splitlines():
        name, arrow, place = line.strip().partition(" => ")
        if arrow and "not found" in place:
            sys.exit(f"assemble: {binary.name} needs {name}, which the base does not have")
        if arrow:
            yield Path(place.rpartition(" (")[0])


def write_system_files() -> None:
    """A user, the mount points an engine wants, and the licences of what came from the base."""
    etc = ROOTFS / "etc"
    etc.mkdir(exist_ok=True)
    (etc / "passwd").write_text(f"sandbox:x:{SANDBOX_UID}:{SANDBOX_UID}::/nonexistent:/nonexistent\n")
    (etc / "group").write_text(f"sandbox:x:{SANDBOX_UID}:\n")
    for mount_point in ("dev", "proc", "sbin", "sys", "tmp"):
        (ROOTFS / mount_point).mkdir(exist_ok=True)
    for path in Path("/usr/share/doc").glob("*/copyright"):
        copy_file(path, ROOTFS / str(path).lstrip("/"))


def settle(root: Path) -> None:
    """One time stamp everywhere, nothing writable, so that equal inputs give equal layers."""
    for folder, _, names in os.walk(root, topdown=False):
        for name in names:
            os.utime(Path(folder, name), (TIMESTAMP, TIMESTAMP), follow_symlinks=False)
        Path(folder).chmod(0o755)
        os.utime(folder, (TIMESTAMP, TIMESTAMP))
    (root / "tmp").chmod(0o1777)
    os.utime(root / "tmp", (TIMESTAMP, TIMESTAMP))


if __name__ == "__main__":
    main()
