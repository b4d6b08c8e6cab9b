"""The service as a process: started, waited for, stopped by `ladder serve`, `ladder demo` and the tests."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from ipaddress import ip_address
from pathlib import Path
from types import FrameType

from features.errors import LadderError, SettingsError
from features.extensions import environment_of_plugins
from serving.runtime.bundle_trial import try_bundle
from serving.runtime.process_lifetime import GRACE_SECONDS
from training.model.bundle import MANIFEST
from training.model.champion import bundle_folder, is_published
from training.model.signature import PUBLIC_KEY, check_signature

READY_SECONDS = 60.0
"""Longest wait for /readyz: a cold start without compiled Python files took 20 s."""
STOP_SECONDS = GRACE_SECONDS + 5.0
_TRACES = "LADDER_TRACES"
_SECRETS = ("LADDER_SECRET", "LADDER_OIDC_CLIENT_SECRET")
"""Environment variables that the workers get from ours."""
_SERVICE = "serving.runtime.service:LADDER"


@dataclass(frozen=True)
class Terms:
    """How it is served.

    host : numeric address to listen on; 127.0.0.1 = this machine only.  workers : processes.
    store : URL of the store with the keys, that /lookup, /plan and /feedback answer from; None = no keys, so this
        machine only, and those three refuse.
    rate, burst : requests of one key in each worker, per second and at once.
    waiting : requests that may wait in each worker.
    proxy_user_header : in which a proxy names who is signed in, empty = none.  currency : of the page.
    names : of investments and the like on the page, see `service.names`.
    data, settings : the source and its settings file, as the page names them before there are scores.
    sign_in : how people sign in, JSON: the settings' section of that name.  track_records : as in the settings.
    playbook : file of the plays that `commands.playbook.write_plays` wrote; "" = none.
    """

    host: str = "127.0.0.1"
    workers: int = 1
    store: str | None = None
    rate: float = 100.0
    burst: int = 200
    waiting: int = 64
    proxy_user_header: str = ""
    currency: str = "€"
    data: str = ""
    settings: str = ""
    sign_in: str = "{}"
    track_records: str = "off"
    playbook: str = ""
    names: Mapping[str, str] = field(default_factory=dict)


def serve(bundle: Path, port: int, terms: Terms = Terms(), announce: Callable[[str], None] | None = None) -> int:
    """Serve until Ctrl-C or SIGTERM, and return 0; 1 if the service ended by itself.

    bundle : folder of a bundle, or of the champion: then the service follows it.
    announce : told the service's address as soon as it is ready.

    Raises
    ------
    BundleError
        Before anything is started, if the bundle is damaged, or missing without a store whose page says what to do.
    SettingsError
        If the host or port cannot be listened on, or must not be without keys.
    LadderError
        If the service does not get ready.
    """
    asked = _Asked()
    with asked.listening(), _started(bundle, port, terms) as process:
        ready = _wait(process, port, terms.host, asked, _answers_at(bundle, terms))
        if ready and announce is not None:
            announce(_url(port, terms.host))
        while not asked.to_stop and process.poll() is None:
            asked.pause(0.5)
        return 0 if asked.to_stop else 1


@contextmanager
def running(bundle: Path, port: int, terms: Terms = Terms()) -> Iterator[str]:
    """Run the service for the length of the block, and yield its address.  Raises what `serve` raises."""
    with _started(bundle, port, terms) as process:
        _wait(process, port, terms.host, _Asked(), _answers_at(bundle, terms))
        yield _url(port, terms.host)


@dataclass
class _Asked:
    """Whether somebody asked us to stop, by Ctrl-C or by a signal."""

    to_stop: bool = False

    def hear(self, _signal: int, _frame: FrameType | None) -> None:
        self.to_stop = True

    def pause(self, seconds: float) -> None:
        """Wait, but not once we are asked to stop."""
        until = time.monotonic() + seconds
        while not self.to_stop and time.monotonic() < until:
            time.sleep(0.05)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Handle SIGINT, SIGTERM and SIGHUP for the length of the block."""
        before = {number: signal.signal(number, self.hear) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


@contextmanager
def _started(bundle: Path, port: int, terms: Terms) -> Iterator["subprocess.Popen[bytes]"]:
    """Start BentoML as a child process with a home folder of its own, removed when it ends."""
    tried = _check(bundle, port, terms)
    home = tempfile.mkdtemp(prefix="ladder-serve-")
    code = Path(__file__).resolve().parents[2]
    command = [
        sys.executable,
        "-m",
        "serving.runtime.supervisor",
        "serve",
        _SERVICE,
        "--host",
        terms.host,
        "--port",
        str(port),
    ]
    command += ["--working-dir", str(code), "--quiet", "--do-not-track"]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("LADDER_")},
        "LADDER_BUNDLE": str(bundle.resolve()),
        "LADDER_TRIED": tried,
        "LADDER_WORKERS": str(terms.workers),
        "LADDER_RATE": str(terms.rate),
        "LADDER_BURST": str(terms.burst),
        "LADDER_WAITING": str(terms.waiting),
        "LADDER_PROXY_USER_HEADER": terms.proxy_user_header,
        "LADDER_CURRENCY": terms.currency,
        "LADDER_PLAYBOOK": terms.playbook,
        "LADDER_NAMES": json.dumps(dict(terms.names)),
        "LADDER_DATA": terms.data,
        "LADDER_SETTINGS": terms.settings,
        **{name: str(Path(file).absolute()) for name in (PUBLIC_KEY,) if (file := os.environ.get(name))},
        **environment_of_plugins(),
        _TRACES: os.environ.get(_TRACES, ""),
        "LADDER_SIGN_IN": terms.sign_in,
        "LADDER_TRACK_RECORDS": terms.track_records,
        **({} if terms.store is None else {"LADDER_STORE": _whole(terms.store), **_secrets(terms.store)}),
        "BENTOML_HOME": home,  # otherwise ~/bentoml: two services would wipe each other's figures
        "PYTHONWARNINGS": "ignore",
    }
    # A group of its own: Ctrl-C reaches us only, and we end BentoML in good order. The pipe is its lifeline.
    process = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, start_new_session=True)
    try:
        yield process
    finally:
        _stop(process)
        shutil.rmtree(home, ignore_errors=True)


def _check(bundle: Path, port: int, terms: Terms) -> str:
    """Refuse what cannot work before a process is started; returns the digest of the bundle that was tried.

    Raises BundleError or SettingsError.
    """
    if terms.workers < 1:
        raise SettingsError(f"{terms.workers} workers cannot serve; give 1 or more.")
    if os.environ.get(_TRACES):
        from serving.runtime.tracing import check_exporter

        check_exporter()
    tried = ""
    if not _waits_for_champion(bundle, terms):
        check_signature(bundle_folder(bundle))
        tried = try_bundle(bundle_folder(bundle))
    host = terms.host
    try:
        beyond = not ip_address(host).is_loopback
    except ValueError:
        raise SettingsError(f"--host {host} is no address: give one such as 127.0.0.1, 0.0.0.0 or ::1.") from None
    if beyond and not has_keys(terms.store):
        raise SettingsError(
            f"Without keys the service listens on this machine only, and {host} is beyond it: whoever reaches it could "
            "ask it anything. Make a key first, `ladder keys create --name N --scopes score`, and serve with the same "
            "--store; or leave --host away."
        )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as error:
            why = getattr(error, "strerror", None) or str(error)
            raise SettingsError(f"Port {port} of {host} cannot be listened on: {why}. Choose another --port.") from None
    return tried


def _waits_for_champion(bundle: Path, terms: Terms) -> bool:
    """Return whether there is a page to say what comes before the first champion, and there is none."""
    return terms.store is not None and not (bundle / MANIFEST).is_file() and not is_published(bundle)


def _answers_at(bundle: Path, terms: Terms) -> str:
    """Return the path that answers 200 once the service is as far as it can come."""
    return "/healthz" if _waits_for_champion(bundle, terms) else "/readyz"


def has_keys(store: str | None) -> bool:
    """Return whether a key was ever made in a store, so that keys are asked for."""
    if store is None:
        return False
    from serving.api.security.key_store import read_ring
    from serving.store.database import open_store

    engine = open_store(store)
    try:
        return not read_ring(engine).empty
    finally:
        engine.dispose()


def _secrets(store: str) -> dict[str, str]:
    """Return what the workers need of the environment, with their own working folder, to find their secrets."""
    from serving.store.database import parsed
    from serving.web.sign_in.sign_in_secret import SECRET_FILE, secret_file

    file = os.environ.get(SECRET_FILE) or str(secret_file(parsed(store)))
    kept = {name: value for name in _SECRETS if (value := os.environ.get(name))}
    return {**kept, SECRET_FILE: str(Path(file).absolute())}


def _whole(store: str) -> str:
    from serving.store.database import whole

    return whole(store)


def _wait(process: "subprocess.Popen[bytes]", port: int, host: str, asked: _Asked, path: str) -> bool:
    """Wait until a path answers 200 (True) or we are asked to stop (False).  Raises LadderError if neither."""
    until = time.monotonic() + READY_SECONDS
    while not asked.to_stop:
        if process.poll() is not None:
            raise LadderError(f"The service ended while it started, with status {process.returncode}.")
        status = _status(port, host, path)
        if status == 200:
            return True
        if status == 503 or time.monotonic() > until:
            raise LadderError("The service does not get ready; what it printed above says why.")
        asked.pause(0.1)
    return False


def _status(port: int, host: str, path: str) -> int:
    """Return the status of a path; 0 where nobody answers yet."""
    connection = HTTPConnection(_reachable(host), port, timeout=5)
    with suppress(OSError, HTTPException):
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return 0 if b"store_silent" in answer.read() else answer.status  # it may answer yet
        finally:
            connection.close()
    return 0


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """End BentoML and all that it started, at first politely."""
    if process.poll() is None:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdin is not None:
        process.stdin.close()


def _reachable(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)


def _url(port: int, host: str) -> str:
    name = _reachable(host)
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"
