"""TEST: control groups of both versions, from files as kernels write them."""

from pathlib import Path

import pytest

from ingest.errors import SandboxUnavailable
from ingest.sandbox.cgroup import Counters, GroupFolders, Meter, learn_folders

ID = "f" * 64
MOUNTS_LEGACY = """\
30 23 0:26 / /sys/fs/cgroup ro - tmpfs tmpfs ro
31 30 0:27 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
33 30 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:10 - cgroup cgroup rw,cpu,cpuacct
35 30 0:31 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
36 30 0:32 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids
"""
MOUNTS_UNIFIED = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"


def test_version_1_with_joined_controllers() -> None:
    membership = f"9:memory:/docker/{ID}\n8:pids:/docker/{ID}\n2:cpu,cpuacct:/docker/{ID}\n0::/docker/{ID}\n"
    assert learn_folders(ID, membership, MOUNTS_LEGACY) == GroupFolders(
        "/sys/fs/cgroup/cpu,cpuacct/docker/{id}", "/sys/fs/cgroup/memory/docker/{id}",
        "/sys/fs/cgroup/pids/docker/{id}", unified=False,
    )  # fmt: skip


def test_version_2_under_systemd() -> None:
    learnt = learn_folders(ID, f"0::/system.slice/docker-{ID}.scope\n", MOUNTS_UNIFIED)
    assert learnt.unified
    assert learnt.of("abc").memory == "/sys/fs/cgroup/system.slice/docker-abc.scope"


@pytest.mark.parametrize(
    ("membership", "mounts"),
    [("0::/\n", MOUNTS_UNIFIED), (f"0::/docker/{ID}\n", ""), ("", MOUNTS_UNIFIED), (f"9:memory:/docker/{ID}\n", "")],
    ids=["in the host's own group", "not mounted", "no group", "no controller"],
)
def test_what_cannot_be_metered_is_not_run(membership: str, mounts: str) -> None:
    with pytest.raises(SandboxUnavailable):
        learn_folders(ID, membership, mounts)


def write(folder: Path, **files: str) -> str:
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_text(content)
    return str(folder)


def test_version_1_counters(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        cpuacct__usage="1500000000\n",
        memory__max_usage_in_bytes="4096\n",
        memory__oom_control="oom_kill_disable 0\nunder_oom 0\noom_kill 2\n",
        pids__events="max 7\n",
    )
    meter = Meter(GroupFolders(folder, folder, folder, unified=False))
    assert meter.sample()
    assert meter.counters == Counters(1.5, 4096, 2, 7)


def unified(folder: Path, usage: int = 2_500_000) -> GroupFolders:
    path = write(
        folder,
        cpu__stat=f"usage_usec {usage}\nuser_usec 1\nsystem_usec 1\n",
        memory__peak="8192\n",
        memory__events="low 0\nhigh 0\nmax 5\noom 1\noom_kill 1\noom_group_kill 0\n",
        pids__events="max 0\n",
    )
    return GroupFolders(path, path, path, unified=True)


def test_version_2_counters(tmp_path: Path) -> None:
    meter = Meter(unified(tmp_path))
    assert meter.sample()
    assert meter.counters == Counters(2.5, 8192, 1, 0)


def test_old_kernels_offer_the_present_use_and_the_greatest_is_kept(tmp_path: Path) -> None:
    folders = unified(tmp_path)
    (tmp_path / "memory.peak").unlink()
    meter = Meter(folders)
    for present in (100, 900, 300):
        write(tmp_path, memory__current=f"{present}\n")
        assert meter.sample()
    assert meter.counters.memory_peak_bytes == 900


def test_a_group_that_is_gone_leaves_its_last_counters(tmp_path: Path) -> None:
    meter = Meter(unified(tmp_path))
    assert meter.sample()
    for path in tmp_path.iterdir():
        path.unlink()
    assert not meter.sample()
    assert meter.counters.cpu_seconds == 2.5
