"""A server as a process of our own: started until it answers, stopped, killed, and started again on its state.

One rule: one folder, one port of the loopback, one session of processes; the processes end with the thread that started
them, whatever ends it. What differs between servers stands in the subclasses.
"""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import ClassVar, Final, Self

from provisioning.broker_address import BrokerAddress

LOOPBACK: Final = "127.0.0.1"
START_PATIENCE_S: Final = 60.0
STOP_PATIENCE_S: Final = 20.0
ANSWER_PATIENCE_S: Final = 2.0
LOG_TAIL_CHARS: Final = 2_000
PLACES: Final = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
"""Where programs are looked for: people's PATH leaves out Debian's folder of servers."""

_CONNECT: Final = b"\x10\x16\x00\x04MQTT\x04\x02\x00\x0a\x00\x0aare-you-up"
_ACCEPTED: Final = b"\x20\x02\x00\x00"
_DISCONNECT: Final = b"\xe0\x00"


class ServerError(Exception):
    """A server cannot be made or started; the message names the cause and the next step."""


class Server:
    """A server in `directory`, listening on 127.0.0.1; use it as a context manager.

    `shows_log` leaves its log on the terminal; else it is kept in the folder.
    """

    name: ClassVar[str]
    program: ClassVar[str]
    package: ClassVar[str]
    user: ClassVar[str] = ""  # whom it runs as when root starts it; empty: whoever starts it

    def __init__(self, directory: Path, port: int, *, shows_log: bool = False) -> None:
        self.directory = directory.resolve()
        self.address = BrokerAddress(LOOPBACK, port)
        self._shows_log = shows_log
        self._server: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Make what the server needs, and start it. Raises: ServerError."""
        self.directory.mkdir(parents=True, exist_ok=True)
        try:
            self.prepare()
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the server; its state stays."""
        self.stop()

    def prepare(self) -> None:
        """Write what the server reads at its start; called once."""

    def command(self) -> list[str]:
        """Give the program and its arguments."""
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        """Give the environment that it runs in."""
        return {"PATH": PLACES, "HOME": str(self.directory), "LANG": "C.UTF-8"}

    def answers(self) -> bool:
        """Tell whether the server does what it is there for; this one takes connections."""
        with contextlib.suppress(OSError), socket.create_connection(self.address, timeout=ANSWER_PATIENCE_S):
            return True
        return False

    def start(self) -> None:
        """Start the server and wait until it answers. Raises: ServerError with the end of its log."""
        _must_be_free(self.address)
        give_to(self.user, self.directory)
        with contextlib.ExitStack() as stack:
            log = None if self._shows_log else stack.enter_context(self.log_file.open("ab"))
            self._server = subprocess.Popen(
                [*as_user(self.user), *self.command()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=self.environment(),
                start_new_session=True,
            )
        until_s = time.monotonic() + START_PATIENCE_S
        while not self.answers():
            if not self.is_running() or time.monotonic() > until_s:
                self.kill()
                raise ServerError(f"{self.name} did not start on port {self.address.port}{self._told()}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Ask the server to end, and see to it that nothing of it is left."""
        if self._server is not None and self._server.poll() is None:
            self._server.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._server.wait(STOP_PATIENCE_S)
        self.kill()

    def kill(self) -> None:
        """End the server at once, as a power cut does (SIGKILL), and all processes that it started."""
        if self._server is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._server.pid, signal.SIGKILL)
            self._server.wait()

    def is_running(self) -> bool:
        """Tell whether the server lives."""
        return self._server is not None and self._server.poll() is None

    def wait(self) -> int:
        """Wait until the server ends; return its exit code."""
        if self._server is None:
            raise ServerError("the server was not started")
        return self._server.wait()

    @property
    def log_file(self) -> Path:
        """Where the log is kept."""
        return self.directory / f"{self.name}.log"

    def log_tail(self) -> str:
        """Give the end of the kept log."""
        return self.log_file.read_text(errors="replace")[-LOG_TAIL_CHARS:]

    def _told(self) -> str:
        return "; its log stands above" if self._shows_log else f"; its log ends:\n{self.log_tail()}"

    @classmethod
    def find_program(cls, program: str = "") -> str:
        """Find the server's program. Raises: ServerError naming the package."""
        name = program or cls.program
        found = shutil.which(name, path=PLACES)
        if found is None:
            raise ServerError(f"{name} is not installed. Type:  sudo ./run packages {cls.package}")
        return found


def as_user(user: str) -> list[str]:
    """Give what stands before a command so that it ends with us; as root it becomes its own user, too."""
    ends_with_us = ["setpriv", "--pdeathsig=TERM"]
    if not user or os.geteuid() != 0:
        return [*ends_with_us, "--"]
    return [*ends_with_us, f"--reuid={user}", f"--regid={user}", "--init-groups", "--"]


def give_to(user: str, directory: Path) -> None:
    """Let a server's user own its folder, when we are root and the server is not to be. Raises: ServerError."""
    if not user or os.geteuid() != 0:
        return
    owner = pwd.getpwnam(user)
    for path in (directory, *directory.rglob("*")):
        os.chown(path, owner.pw_uid, owner.pw_gid)
    if subprocess.run([*as_user(user), "test", "-w", str(directory)], cwd="/", check=False).returncode:
        raise ServerError(
            f"user {user} cannot reach {directory}: a folder above it is closed to others. "
            f"Name one that is open, e.g. --directory /var/tmp/{directory.name}"
        )


class BrokerServer(Server):
    """A server that speaks MQTT."""

    def answers(self) -> bool:
        """Tell whether the broker accepts a connection."""
        return answers_mqtt(self.address)


def answers_mqtt(address: BrokerAddress) -> bool:
    """Tell whether a broker accepts a connection and says so in MQTT 3.1.1."""
    with contextlib.suppress(OSError), socket.create_connection(address, ANSWER_PATIENCE_S) as connection:
        connection.sendall(_CONNECT)
        answer = connection.recv(len(_ACCEPTED))
        connection.sendall(_DISCONNECT)
        return answer == _ACCEPTED
    return False


def _must_be_free(address: BrokerAddress) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            raise ServerError(f"port {address.port} cannot be used: {error.strerror}; choose another") from error
