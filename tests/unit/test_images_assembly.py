"""TEST: the build step that assembles an image: what it leaves out, and that its bytecode is never stale."""

import importlib.util
import marshal
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[2] / "sandbox_images/assemble.py"


@pytest.fixture
def assemble(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """The build step, working in a folder of the test's own."""
    spec = importlib.util.spec_from_file_location("assemble", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name, path in {"BUILD": "build", "ROOTFS": "rootfs", "APPLICATION": "rootfs/opt/gloveport"}.items():
        monkeypatch.setattr(module, name, tmp_path / path)
    return module


SOURCE = '''"""What the module is."""
class Empty:
    """Only words."""
def stated(x):
    """Words."""
    assert x, "kept"
    return x
'''


def run_in(folder: Path, code: str) -> str:
    """Output of a fresh interpreter that writes no bytecode and sees this folder."""
    environment = {"PYTHONPATH": str(folder)}
    ran = subprocess.run(
        [sys.executable, "-B", "-c", code], env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    return ran.stdout.strip()


def test_bytecode_wins_over_a_changed_source(assemble: ModuleType, tmp_path: Path) -> None:
    """A read-only root has no way to replace bytecode, so it must never be judged stale."""
    module = tmp_path / "made.py"
    module.write_text("VALUE = 'compiled'\n")
    assemble.compile_tree(tmp_path)
    module.write_text("VALUE = 'changed later'\n")
    os.utime(module, (0, 0))
    assert run_in(tmp_path, "import made; print(made.VALUE)") == "compiled"


def test_docstrings_go_and_assertions_stay(assemble: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "made.py").write_text(SOURCE)
    assemble.compile_tree(tmp_path)
    code = "import made; print(made.__doc__, made.Empty.__doc__, made.stated.__doc__, made.stated(1)); made.stated(0)"
    with pytest.raises(subprocess.CalledProcessError) as caught:
        run_in(tmp_path, code)
    assert caught.value.stdout.strip() == "None None None 1"
    assert "AssertionError: kept" in caught.value.stderr


def test_what_is_no_python_stays_uncompiled(assemble: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "template.py").write_text("{{ not python }} here")
    (tmp_path / "nul.py").write_bytes(b"\0")
    assemble.compile_tree(tmp_path)
    assert not (tmp_path / "__pycache__").exists()


def test_tracebacks_name_the_place_inside_the_image(assemble: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "opt").mkdir()
    (tmp_path / "opt/made.py").write_text("VALUE = 1\n")
    assemble.compile_tree(tmp_path)
    (compiled,) = (tmp_path / "opt/__pycache__").iterdir()
    code = marshal.loads(compiled.read_bytes()[16:])  # after the header of PEP 552
    assert code.co_filename == "/opt/made.py"


def test_packages_lose_headers_and_records_but_not_licences(assemble: ModuleType, tmp_path: Path) -> None:
    kept = ["pymupdf/__init__.py", "pymupdf/libmupdf.so.28.2", "lxml-6.dist-info/licenses/LICENSE.txt"]
    kept += ["lxml-6.dist-info/METADATA", "docx/templates/default.docx"]
    dropped = ["bin/tool", "pymupdf/mupdf-devel/include/fitz.h", "lxml/etree.pyx", "lxml/includes/libxml/x.h"]
    dropped += ["lxml-6.dist-info/RECORD", "pymupdf/__pycache__/x.cpython-311.pyc", "lxml/etree.pyi"]
    for name in (*kept, *dropped):
        path = tmp_path / "build/site" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    assemble.copy_packages()
    copied = {
        path.relative_to(tmp_path / "rootfs/opt/gloveport").as_posix()
        for path in assemble.files_under(tmp_path / "rootfs")
    }
    assert copied == set(kept)


@pytest.mark.parametrize(
    ("name", "dropped"),
    [
        ("json/decoder.py", False),
        ("lib-dynload/_json.cpython-311-x86_64-linux-gnu.so", False),
        ("lib-dynload/_ssl.cpython-311-x86_64-linux-gnu.so", True),
        ("test/support/__init__.py", True),
        ("unittest/test/test_case.py", True),
        ("unittest/case.py", False),
        ("config-3.11-x86_64-linux-gnu/Makefile", True),
        ("site-packages/pip/__init__.py", True),
        ("ensurepip/__init__.py", True),
        ("testing.py", False),
    ],
)
def test_the_standard_library_loses_what_a_sandbox_has_no_use_for(
    assemble: ModuleType, name: str, dropped: bool
) -> None:
    assert assemble._is_dropped_from_stdlib(Path(name)) is dropped


def test_shared_libraries_are_those_the_loader_would_load(assemble: ModuleType) -> None:
    loader = next(Path(path) for path in assemble.LOADERS if Path(path).exists())
    names = {path.name for path in assemble.shared_libraries_of(loader, Path("/bin/sh").resolve())}
    assert "libc.so.6" in names


def test_one_time_stamp_and_nothing_writable(assemble: ModuleType, tmp_path: Path) -> None:
    root = tmp_path / "rootfs"
    (root / "tmp").mkdir(parents=True)
    (root / "opt").mkdir(mode=0o777)
    (root / "opt/file").write_text("x")
    assemble.settle(root)
    assert {path.stat().st_mtime for path in (root, root / "opt", root / "opt/file", root / "tmp")} == {
        assemble.TIMESTAMP
    }
    assert (root / "opt").stat().st_mode & 0o777 == 0o755
    assert (root / "tmp").stat().st_mode & 0o7777 == 0o1777
