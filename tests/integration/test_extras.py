"""Each extra alone, in a fresh environment: its command starts, and a node gets nothing of the hub's."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
COMMANDS = {
    "edge": "tillsync-edge",
    "hub": "tillsync-hub",
    "provisioning": "tillsync-provision",
    "devices": "tillsync-devices",
    "sim": "tillsync-sim",
}
NOT_ON_A_NODE = {"sqlalchemy", "alembic", "amqtt", "rich", "fastapi-offline"}


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The distribution, built once."""
    out = tmp_path_factory.mktemp("wheel")
    # Built from a copy: setuptools leaves its build folder behind, and would take stale files from it the next time.
    tree = out / "tree"
    left_out = shutil.ignore_patterns(".*", "build", "*.egg-info", "__pycache__", "var", "tests")
    shutil.copytree(ROOT, tree, ignore=left_out)
    build = ("uv", "build", "--quiet", "--wheel", "--no-build-isolation")
    _run(sys.executable, "-m", *build, "--out-dir", str(out), str(tree))
    return next(out.glob("tillsync-*.whl"))


@pytest.fixture(scope="module")
def constraints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The locked versions without their hashes, which constraints may not have."""
    path = tmp_path_factory.mktemp("constraints") / "constraints.txt"
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    path.write_text("".join(f"{line.split()[0]}\n" for line in lines if "==" in line), encoding="utf-8")
    return path


@pytest.mark.slow
@pytest.mark.extras
@pytest.mark.parametrize("extra", sorted(COMMANDS))
def test_extra_alone_starts_its_command(extra: str, wheel: Path, constraints: Path, tmp_path: Path) -> None:
    environment = tmp_path / "venv"
    _run(sys.executable, "-m", "uv", "venv", "--quiet", "--python", sys.executable, str(environment))
    python = str(environment / "bin" / "python")
    _run(
        sys.executable, "-m", "uv", "pip", "install", "--quiet", "--system-certs", "--python", python,
        "--constraint", str(constraints), f"tillsync[{extra}] @ {wheel.as_uri()}",
    )  # fmt: skip
    shown = _run(str(environment / "bin" / COMMANDS[extra]), "--help")
    assert "Usage:" in shown
    if extra == "edge":
        listed = _run(sys.executable, "-m", "uv", "pip", "list", "--quiet", "--python", python, "--format", "freeze")
        installed = {line.partition("==")[0].lower() for line in listed.splitlines()}
        assert installed & NOT_ON_A_NODE == set()
        _run(python, "-c", "import edge_node.app")
        pages = _run(python, "-c", "import edge_node.api.app as a; print((a.PAGES / 'till.html').exists())")
        assert pages.strip() == "True"
    if extra == "hub":
        _run(python, "-c", "import hub.app")
