"""One process per node's directory, and databases that a node must not open."""

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from edge_node.cli import main
from edge_node.errors import DatabaseRefused
from edge_node.storage.database import NodeDatabase
from provisioning.node_file import NodeFile, write_node_file
from provisioning.service.lock import DirectoryInUse, DirectoryLock

HOLD = "import sys; from pathlib import Path; from provisioning.service.lock import DirectoryLock; "
HOLD += "lock = DirectoryLock(Path(sys.argv[1])); lock.__enter__(); print('held', flush=True); sys.stdin.read()"


@pytest.fixture
def holder(tmp_path: Path) -> subprocess.Popen[str]:
    """Another process that holds the directory until it is killed."""
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def end(process: "subprocess.Popen[str]") -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=10)


def test_a_second_process_is_refused_and_told_who_holds_the_directory(
    holder: "subprocess.Popen[str]", tmp_path: Path
) -> None:
    try:
        with pytest.raises(DirectoryInUse) as refused, DirectoryLock(tmp_path):
            pass
        said = str(refused.value)
        assert f"process {holder.pid} on {os.uname().nodename} since 20" in said
        assert str(tmp_path) in said
        assert "stop the other one first" in said
    finally:
        end(holder)


def test_a_killed_holder_leaves_no_lock_behind(holder: "subprocess.Popen[str]", tmp_path: Path) -> None:
    end(holder)
    with DirectoryLock(tmp_path) as lock:
        assert f'"pid":{os.getpid()}' in lock.path.read_text(encoding="utf-8")


def test_what_stands_in_the_file_decides_nothing(tmp_path: Path) -> None:
    (tmp_path / "running.lock").write_text("no owner at all", encoding="utf-8")
    with DirectoryLock(tmp_path), pytest.raises(DirectoryInUse, match="in use by"), DirectoryLock(tmp_path):
        pass


def test_the_command_refuses_a_directory_in_use(holder: "subprocess.Popen[str]", tmp_path: Path) -> None:
    path = tmp_path / "node.toml"
    path.write_text(write_node_file(NodeFile(store="a", broker="mqtt://127.0.0.1:9", http_port=0)), encoding="utf-8")
    try:
        done = CliRunner().invoke(main, ["run", "--node-file", str(path), "--directory", str(tmp_path)])
    finally:
        end(holder)
    assert done.exit_code == 1
    assert f"process {holder.pid}" in done.output
    assert not (tmp_path / "node.db").exists()


def test_a_newer_database_is_refused_by_name_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "node.db"
    NodeDatabase(path, "a-1").close()
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('edge_node', 'm0007_loyal', '')"
        )
    connection.close()
    before = path.read_bytes()
    with pytest.raises(DatabaseRefused) as refused:
        NodeDatabase(path, "a-1")
    assert "newer Tillsync (schema m0007_loyal; this program knows up to m0001_first_cut)" in refused.value.detail
    assert "install the version that wrote it" in refused.value.detail
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"this is a text file, and long enough to be looked at by SQLite" * 20, "is no database"), (b"", "")],
    ids=["text", "empty"],
)
def test_a_file_that_is_no_database_is_refused(content: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "node.db"
    path.write_bytes(content)
    if not words:  # an empty file is a database without tables
        NodeDatabase(path, "a-1").close()
        return
    with pytest.raises(DatabaseRefused, match=words):
        NodeDatabase(path, "a-1")
    assert path.read_bytes() == content


def test_a_database_of_somebody_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "node.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    with pytest.raises(DatabaseRefused, match="no database of a Tillsync node"):
        NodeDatabase(path, "a-1")
