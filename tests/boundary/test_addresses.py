"""TEST: no file of the repository names a registry or a package index; clients are configured by whoever runs them."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Put together here, so that this file does not name them either.
HOSTS = [
    ".".join(parts)
    for parts in (
        ("docker", "io"), ("pypi", "org"), ("pythonhosted", "org"), ("ghcr", "io"), ("gcr", "io"), ("quay", "io"),
        ("npmjs", "org"), ("npmjs", "com"), ("mcr", "microsoft", "com"), ("crates", "io"), ("rubygems", "org"),
        ("conda", "anaconda", "org"), ("proxy", "golang", "org"),
    )
]  # fmt: skip
# A host name in an address; the Debian package of Docker Engine is called like the first of them.
NAMED = re.compile(r"(?:[\w-]+\.|//)(?:" + "|".join(map(re.escape, HOSTS)) + r")\b")


def tracked_files() -> list[Path]:
    """Every file that is, or would be, committed."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT, capture_output=True, timeout=60, check=True,
    )  # fmt: skip
    return [path for name in listed.stdout.decode().split("\0") if name and (path := ROOT / name).is_file()]


@pytest.mark.parametrize("text", ["https://HOST/simple", "registry-1.HOST", "index: //HOST/a"])
@pytest.mark.parametrize("host", HOSTS)
def test_the_search_finds_what_it_looks_for(text: str, host: str) -> None:
    assert NAMED.search(text.replace("HOST", host))


def test_no_file_names_a_registry_or_an_index() -> None:
    naming = [
        f"{path.relative_to(ROOT)}: {found.group()}"
        for path in tracked_files()
        if (found := NAMED.search(path.read_bytes().decode("utf-8", "replace")))
    ]
    assert naming == []


def test_lock_files_hold_names_versions_and_hashes_only() -> None:
    locks = [path for path in tracked_files() if path.name == "requirements.lock"]
    assert len(locks) >= 3
    for lock in locks:
        assert "://" not in lock.read_text()
        assert "--hash=sha256:" in lock.read_text()
