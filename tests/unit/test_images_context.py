"""TEST: the content digest of an image follows exactly what can change its answers, and the context is reproducible."""

import io
import shutil
import tarfile
from pathlib import Path

import pytest

from ingest.images.context import content_digest, context_root, image_manifests, read_sources, write_context

ROOT = context_root()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what images are made of, to change."""
    for folder in ("contract", "parsers", "sandbox_images"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def digest_of(root: Path, base: str = "sha256:base") -> str:
    return content_digest(read_sources(root, "documents"), image_manifests(root)["documents"], base)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_a_copy_elsewhere_has_the_same_digest(checkout: Path) -> None:
    assert digest_of(checkout) == digest_of(ROOT)


@pytest.mark.parametrize(
    "name",
    [
        "sandbox_images/documents/Dockerfile",
        "sandbox_images/documents/requirements.lock",
        "sandbox_images/assemble.py",
        "sandbox_images/launch.py",
        "parsers/registry.py",
        "contract/frames.py",
    ],
)
def test_every_ingredient_counts(checkout: Path, name: str) -> None:
    before = digest_of(checkout)
    path = checkout / name
    path.write_text(path.read_text() + "\n# changed\n")
    assert digest_of(checkout) != before


def test_new_renamed_and_removed_modules_count(checkout: Path) -> None:
    seen = {digest_of(checkout)}
    module = checkout / "parsers/extra.py"
    module.write_text("X = 1\n")
    seen.add(digest_of(checkout))
    module.rename(module.with_name("another.py"))
    seen.add(digest_of(checkout))
    assert len(seen) == 3


def test_the_base_and_the_licences_count(checkout: Path) -> None:
    seen = {digest_of(checkout), digest_of(checkout, "sha256:other")}
    edit(checkout / "sandbox_images/documents/parser.toml", "AGPL-3.0-or-later", "AGPL-3.0-only")
    seen.add(digest_of(checkout))
    assert len(seen) == 3


def test_limits_and_what_editors_leave_behind_do_not_count(checkout: Path) -> None:
    before = digest_of(checkout)
    edit(checkout / "sandbox_images/documents/parser.toml", "[profiles.pdf.smoke_test]",
         "[profiles.pdf.limits]\nmemory_bytes = 1000000000\n\n[profiles.pdf.smoke_test]")  # fmt: skip
    (checkout / "parsers/__pycache__").mkdir()
    (checkout / "parsers/__pycache__/blocks.cpython-311.pyc").write_bytes(b"stale")
    (checkout / "parsers/.blocks.py.swp").write_bytes(b"editor")
    assert digest_of(checkout) == before


def test_the_context_is_the_same_bytes_each_time(checkout: Path, tmp_path: Path) -> None:
    packages = tmp_path / "packages"
    (packages / "lib").mkdir(parents=True)
    (packages / "lib/a.py").write_text("A = 1\n")
    first, second = io.BytesIO(), io.BytesIO()
    write_context(read_sources(checkout, "documents"), packages, first)
    (checkout / "parsers/registry.py").touch()
    (packages / "lib/a.py").chmod(0o600)
    write_context(read_sources(checkout, "documents"), packages, second)
    assert first.getvalue() == second.getvalue()


def test_the_context_holds_code_packages_and_nothing_of_the_host(checkout: Path, tmp_path: Path) -> None:
    packages = tmp_path / "packages"
    packages.mkdir()
    (packages / "a.py").write_text("A = 1\n")
    target = io.BytesIO()
    write_context(read_sources(checkout, "documents"), packages, target)
    target.seek(0)
    with tarfile.open(fileobj=target) as archive:
        names = set(archive.getnames())
    assert {"Dockerfile", "assemble.py", "launch.py", "site/a.py", "parsers/__main__.py", "contract/frames.py"} <= names
    tops = {name.partition("/")[0] for name in names}
    assert tops == {"Dockerfile", "assemble.py", "launch.py", "requirements.lock", "site", "parsers", "contract"}


def test_packages_for_parser_tests_are_those_of_the_image() -> None:
    """Else tests/parsers would prove something about other versions than sandboxes run."""
    shipped = pins(ROOT / "sandbox_images/documents/requirements.lock")
    tested = pins(ROOT / "tests/parsers/requirements.lock")
    assert shipped.items() <= tested.items()


def pins(lock: Path) -> dict[str, str]:
    """Package to version and hashes."""
    blocks = lock.read_text().replace("\\\n", " ").splitlines()
    return {line.partition("==")[0]: " ".join(line.split()) for line in blocks if "==" in line}
