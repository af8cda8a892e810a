"""TEST: on the host's side of the wall no parser library is loaded, needed or reachable, told at run time."""

import json
import pkgutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())

# What parses uploads, by import name; nothing of it may be loaded by any host module.
PARSER_LIBRARIES = {
    "bs4", "calamine", "docx", "extract_msg", "fitz", "gcld3", "html5lib", "lxml", "magic", "markitdown", "openpyxl",
    "pdfminer", "pdfplumber", "PIL", "pptx", "pymupdf", "pypdf", "pypdfium2", "selectolax", "unstructured", "xlrd",
}  # fmt: skip
# And by distribution name, as dependencies are written.
PARSER_DISTRIBUTIONS = {
    "beautifulsoup4", "cld3-py", "extract-msg", "lxml", "markitdown", "openpyxl", "pdfminer-six", "pdfplumber",
    "pillow", "pymupdf", "pypdf", "pypdfium2", "python-calamine", "python-docx", "python-magic", "python-pptx",
    "selectolax", "unstructured", "xlrd",
}  # fmt: skip

# Imports every module, then says what got loaded and what could not be imported.
IMPORT_ALL = """
import importlib, json, sys
failed = {}
for name in sys.argv[1:]:
    try:
        importlib.import_module(name)
    except Exception as error:
        failed[name] = repr(error)
print(json.dumps({"loaded": sorted({name.partition(".")[0] for name in sys.modules}), "failed": failed}))
"""


def host_modules() -> list[str]:
    """Every module of the host, by its place in the tree."""
    found = []
    for package in ("contract", "ingest", "flows"):
        found.append(package)
        found += [module.name for module in pkgutil.walk_packages([str(ROOT / package)], f"{package}.")]
    return [name for name in found if not name.endswith("__main__") and ".migrations.versions." not in name]


def test_importing_the_whole_host_loads_no_parser() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, *host_modules()],
        cwd=ROOT, capture_output=True, text=True, timeout=240, check=True,
    )  # fmt: skip
    answer = json.loads(ran.stdout.splitlines()[-1])
    assert set(answer["loaded"]) & (PARSER_LIBRARIES | {"parsers", "sandbox_images"}) == set()
    assert {"contract", "ingest", "docker", "sqlalchemy", "prefect"} <= set(answer["loaded"])
    assert {name: why for name, why in answer["failed"].items() if not _needs_a_context(name)} == {}


def _needs_a_context(name: str) -> bool:
    """alembic's script can only be imported by alembic."""
    return name.endswith("migrations.env")


def test_the_host_depends_on_no_parser() -> None:
    named = {_distribution(line) for line in PYPROJECT["project"]["dependencies"]}
    assert named & PARSER_DISTRIBUTIONS == set()


def test_the_host_lock_holds_no_parser() -> None:
    locked = {line.partition("==")[0] for line in (ROOT / "requirements.lock").read_text().splitlines() if "==" in line}
    assert {"docker", "prefect", "pytest"} <= locked
    assert locked & PARSER_DISTRIBUTIONS == set()


def _distribution(requirement: str) -> str:
    return requirement.partition(">")[0].partition("=")[0].partition("[")[0].strip().lower()


def test_import_linter_and_this_test_forbid_the_same() -> None:
    forbidden = next(
        contract["forbidden_modules"]
        for contract in PYPROJECT["tool"]["importlinter"]["contracts"]
        if "parsers" in contract.get("forbidden_modules", [])
    )
    assert set(forbidden) == PARSER_LIBRARIES | {"parsers"}


def test_every_host_module_has_its_floor() -> None:
    layers = next(
        contract["layers"]
        for contract in PYPROJECT["tool"]["importlinter"]["contracts"]
        if contract["type"] == "layers"
    )
    floors = {name.strip(" ()") for layer in layers for name in layer.split("|")}
    modules = {f"ingest.{module.name}" for module in pkgutil.iter_modules([str(ROOT / "ingest")])}
    assert modules - floors == set()
