"""`./run` on machines that lack packages: what it says, what it installs, and what it leaves behind.

The script runs for real, in a folder with an environment that is ready; around it stands a pretended Debian: programs
that write down how they are called.
"""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOR_ALL = {"chromium", "fonts-noto-cjk", "mosquitto", "postgresql-15"}
DPKG_QUERY = 'eval package="\\${$#}"; grep -qx "$package" "$STATE/installed" && echo "install ok installed"'
APT_GET = """\
echo "apt-get $*" >> "$STATE/calls"
case "$*" in *install*) ;; *) exit 0 ;; esac
[ ! -e "$STATE/broken" ] || exit 100
ls "$TILLSYNC_SYSTEM_ROOT/usr/sbin" "$TILLSYNC_SYSTEM_ROOT/etc/postgresql-common/createcluster.d" > "$STATE/meanwhile"
for word in "$@"; do echo "$word" >> "$STATE/installed"; done
"""
SUDO = """\
[ -e "$STATE/sudo-allowed" ] || exit 1
[ "$1" != -n ] || shift
AS_ROOT=yes exec "$@"
"""
ID = 'if [ -e "$STATE/is-root" ] || [ "${AS_ROOT:-}" = yes ]; then echo 0; else echo 1000; fi'
WRITES_DOWN = 'echo "$(basename "$0") $*" >> "$STATE/calls"'


class Machine:
    """A pretended machine, and the real script on it."""

    def __init__(self, folder: Path) -> None:
        self.tree = folder / "tree"
        self.system = folder / "system"
        self.state = folder / "state"
        self._programs = folder / "programs"
        for directory in (self.tree / ".venv" / "bin", self.system / "usr" / "sbin", self.state, self._programs):
            directory.mkdir(parents=True)
        (self.system / "etc" / "init.d").mkdir(parents=True)
        for name in ("run", "requirements.lock", "pyproject.toml"):
            (self.tree / name).write_bytes((ROOT / name).read_bytes())
        (self.tree / "run").chmod(0o755)
        wanted = self._sh("cat requirements.lock pyproject.toml | cksum")
        (self.tree / ".venv" / ".ready").write_text(f"{wanted} {self.tree}")
        (self.state / "installed").touch()
        (self.state / "calls").touch()
        self._program(self.tree / ".venv" / "bin" / "python", WRITES_DOWN)
        for name, text in (("dpkg-query", DPKG_QUERY), ("apt-get", APT_GET), ("sudo", SUDO), ("id", ID)):
            self._program(self._programs / name, text)
        for name in ("update-rc.d", "systemctl"):
            self._program(self._programs / name, WRITES_DOWN)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Type `./run …`."""
        return subprocess.run(
            [str(self.tree / "run"), *arguments],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env={
                "PATH": f"{self._programs}:/usr/bin:/bin",
                "STATE": str(self.state),
                "TILLSYNC_SYSTEM_ROOT": str(self.system),
            },
        )

    def let(self, what: str) -> None:
        """Make something so: `is-root`, `sudo-allowed`, `broken`."""
        (self.state / what).touch()

    def calls(self, program: str) -> list[str]:
        """Give how a program was called."""
        lines = (self.state / "calls").read_text().splitlines()
        return [line.partition(" ")[2] for line in lines if line.startswith(f"{program} ")]

    def installed(self) -> set[str]:
        """Give what was asked of apt-get."""
        return set((self.state / "installed").read_text().split())

    def left_in_system(self) -> list[str]:
        """Give the files that stand in the system now."""
        return [str(path.relative_to(self.system)) for path in self.system.rglob("*") if path.is_file()]

    def _sh(self, command: str) -> str:
        done = subprocess.run(["sh", "-c", command], cwd=self.tree, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    @staticmethod
    def _program(path: Path, text: str) -> None:
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine with nothing on it."""
    return Machine(tmp_path)


def test_root_gets_what_is_missing_installed_and_is_told_what_and_why(machine: Machine) -> None:
    machine.let("is-root")
    done = machine.run("test")
    assert done.returncode == 0, done.stderr
    assert machine.installed() >= FOR_ALL
    assert "mosquitto        the MQTT broker of a chain" in done.stderr
    assert "postgresql-15    the hub's database in production" in done.stderr
    assert "chromium         opens the till's and the hub's pages" in done.stderr
    assert "fonts-noto-cjk   Chinese on pages" in done.stderr
    assert machine.calls("python") == ["-m pytest -n 2 --dist loadfile -m not more_brokers and not real_data"]


def test_whoever_may_use_sudo_without_a_password_gets_the_same(machine: Machine) -> None:
    machine.let("sudo-allowed")
    done = machine.run("test")
    assert done.returncode == 0, done.stderr
    assert machine.installed() >= FOR_ALL
    assert machine.calls("python")


def test_anyone_else_is_told_the_one_command_to_type_and_nothing_runs(machine: Machine) -> None:
    (machine.state / "installed").write_text("chromium\n")
    done = machine.run("test")
    assert done.returncode == 1
    told = done.stderr.splitlines()[-1]
    assert told.endswith(f"sudo {machine.tree}/run packages mosquitto postgresql-15 fonts-noto-cjk")
    assert machine.calls("apt-get") == []
    assert machine.calls("python") == []


def test_the_command_that_was_told_installs_and_then_nothing_is_asked_again(machine: Machine) -> None:
    told = machine.run("test").stderr.splitlines()[-1].split("run packages ")[1]
    machine.let("is-root")
    assert machine.run("packages", *told.split()).returncode == 0
    (machine.state / "is-root").unlink()
    (machine.state / "calls").write_text("")
    done = machine.run("test")
    assert (done.returncode, done.stderr) == (0, "")
    assert machine.calls("apt-get") == []
    assert len(machine.calls("python")) == 1


def test_a_failed_installation_ends_with_the_command_to_type(machine: Machine) -> None:
    machine.let("is-root")
    machine.let("broken")
    done = machine.run("test")
    assert done.returncode == 1
    assert "run packages" in done.stderr.splitlines()[-1]
    assert machine.calls("python") == []
    assert machine.left_in_system() == []


@pytest.mark.parametrize(
    ("which", "wanted", "not_wanted"),
    [
        ("quick", {"mosquitto", "postgresql-15", "fonts-noto-cjk"}, {"chromium", "nats-server", "rabbitmq-server"}),
        ("all", FOR_ALL, {"nats-server", "rabbitmq-server"}),
        ("brokers", {"mosquitto", "nats-server", "rabbitmq-server"}, {"chromium"}),
        ("tests/loyalty", FOR_ALL, {"nats-server", "rabbitmq-server"}),
    ],
)
def test_each_choice_of_tests_installs_what_it_needs_and_no_more(
    machine: Machine, which: str, wanted: set[str], not_wanted: set[str]
) -> None:
    machine.let("is-root")
    assert machine.run("test", which).returncode == 0
    assert machine.installed() >= wanted
    assert machine.installed() & not_wanted == set()


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (
            ["quick", "-x"],
            "-m pytest -n 2 --dist loadfile -m not more_brokers and not real_data and not slow and not extras -x",
        ),
        (["brokers", "-k", "nats"], "-m pytest -n 2 --dist loadfile tests/brokers -k nats"),
        (["tests/hub"], "-m pytest -m not more_brokers and not real_data tests/hub"),
        (["--lf"], "-m pytest -n 2 --dist loadfile -m not more_brokers and not real_data --lf"),
    ],
)
def test_what_follows_the_choice_goes_to_pytest(machine: Machine, arguments: list[str], wanted: str) -> None:
    machine.let("is-root")
    assert machine.run("test", *arguments).returncode == 0
    assert machine.calls("python") == [wanted]


def test_no_service_starts_and_no_cluster_is_made_while_packages_are_installed(machine: Machine) -> None:
    machine.let("is-root")
    assert machine.run("packages", "mosquitto", "postgresql-15").returncode == 0
    meanwhile = (machine.state / "meanwhile").read_text()
    assert "policy-rc.d" in meanwhile
    assert "tillsync.conf" in meanwhile
    assert machine.left_in_system() == []


def test_a_policy_of_the_machines_own_stays_as_it_is(machine: Machine) -> None:
    machine.let("is-root")
    policy = machine.system / "usr" / "sbin" / "policy-rc.d"
    policy.write_text("mine")
    assert machine.run("packages", "mosquitto").returncode == 0
    assert policy.read_text() == "mine"


def test_services_that_come_with_packages_do_not_start_with_the_machine(machine: Machine) -> None:
    machine.let("is-root")
    (machine.system / "etc" / "init.d" / "mosquitto").touch()
    done = machine.run("packages", "mosquitto", "rabbitmq-server", "chromium")
    assert machine.calls("update-rc.d") == ["mosquitto disable"]
    disabled = [call.removeprefix("--quiet disable ") for call in machine.calls("systemctl")]
    assert disabled == ["rabbitmq-server.service", "epmd.service", "epmd.socket"]
    assert "systemctl enable --now mosquitto" in done.stderr


def test_a_service_that_was_there_before_is_left_alone(machine: Machine) -> None:
    machine.let("is-root")
    (machine.state / "installed").write_text("erlang-base\nmosquitto\n")
    assert machine.run("test", "brokers").returncode == 0
    disabled = [call.removeprefix("--quiet disable ") for call in machine.calls("systemctl")]
    assert disabled == ["nats-server.service", "rabbitmq-server.service"]


def test_packages_refuses_whoever_is_not_root(machine: Machine) -> None:
    done = machine.run("packages", "mosquitto")
    assert done.returncode == 1
    assert "only root" in done.stderr
    assert machine.calls("apt-get") == []


@pytest.mark.parametrize(("command", "package"), [("broker", "mosquitto"), ("database", "postgresql-15")])
def test_a_server_is_installed_when_it_is_first_run(machine: Machine, command: str, package: str) -> None:
    machine.let("is-root")
    assert machine.run(command, "--port", "18830").returncode == 0
    assert package in machine.installed()
    assert machine.calls("python")[0].endswith("--port 18830")


def test_every_command_stands_in_the_help_and_an_unknown_one_shows_it(machine: Machine) -> None:
    shown = machine.run("help").stdout
    for command in ("demo", "broker", "database", "test", "lint", "bench", "exec", "lock", "packages", "help"):
        assert f"\n  {command} " in shown
    done = machine.run("tset")
    assert done.returncode == 1
    assert "unknown command 'tset'" in done.stderr
