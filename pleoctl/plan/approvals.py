"""Who has approved a plan: SSH signatures over its id, judged by OpenSSH itself.

``approve`` signs; ``apply --approvers FILE`` asks ``ssh-keygen`` whether the signatures beside the plan are of people
whom the pipeline's allowed_signers file names for the namespace, now, with keys that nobody has revoked. The file is
the pipeline's: one that lies in the workspace came with the branch and would let it approve itself.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pleoctl.documents.files import read_bytes, write_atomically
from pleoctl.errors import PleoctlError, Refused, UsageError
from pleoctl.machine import Around, Ran, this_machine
from pleoctl.run.kept import carried_out_by
from pleoctl.run.places import plan_part
from pleoctl.words import many

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pleoctl.run.shared import Runs

NAMESPACE: Final = "pleoctl-plan"
_PROGRAM: Final = "ssh-keygen"
_DUE: Final = "ssh-keygen reads it several times: a file is due, which no pipe or device is"
_SECONDS: Final = 30.0
# A person may have to type a passphrase, or to touch a security key.
_SIGNING_SECONDS: Final = 300.0
_LARGEST: Final = 64 * 1024
_MOST: Final = 100
_KEYS: Final = ("id_ed25519", "id_ed25519_sk", "id_ecdsa", "id_ecdsa_sk", "id_rsa")


@dataclass(frozen=True, slots=True)
class Approvers:
    """What a pipeline asks for: so many distinct people of an allowed_signers file; ``revoked`` is a list of keys."""

    file: Path
    number: int = 1
    revoked: Path | None = None

    def check(self, root: Path, name: str = "the workspace") -> None:
        """Raise `Refused` where a branch could have written the files, `UsageError` where there are none.

        ``name`` is what the folder is called to people.
        """
        for file in filter(None, (self.file, self.revoked)):
            if _leads_through(file, root):
                words = f"{file} lies in {name}, where a branch can change it"
                raise Refused(words, hint="let the pipeline give a file of its own")
            if not file.is_file():
                raise UsageError(f"{file} {'is no file' if file.exists() else 'does not exist'}", hint=_DUE)

    def require(self, plan_id: str, signatures: Iterable[Path]) -> list[str]:
        """The distinct people who have approved the plan. Raises `Refused` where they are too few."""
        found: dict[str, str] = {}  # one vote a key, and one a person
        for signature in list(signatures)[:_MOST]:
            signer = self._signer(plan_id, signature)
            if signer is not None:
                found.setdefault(signer, signature.name)
        if len(found) < self.number:
            told = f" ({', '.join(sorted(found))})" if found else ""
            words = f"{len(found)} of {many(self.number, 'approval', 'is', 'are')} there{told}"
            raise Refused(f"the plan is not approved: {words}", hint="approve it: `pleoctl approve PLAN`")
        return sorted(found)

    def _signer(self, plan_id: str, signature: Path) -> str | None:
        """Who made a signature over the plan's id; None for nobody whom the file allows."""
        try:
            content = read_bytes(signature, limit=_LARGEST)
        except PleoctlError:
            return None
        with tempfile.TemporaryDirectory(prefix="pleoctl-") as folder:
            plain = Path(folder) / "sig"
            # A checkout may have turned the line ends, which ssh-keygen takes for no signature.
            plain.write_bytes(content.replace(b"\r\n", b"\n"))
            return self._found(plan_id, plain)

    def _found(self, plan_id: str, signature: Path) -> str | None:
        named = _told(["-Y", "find-principals", "-s", str(signature), "-f", str(self.file)])
        people = named.output.decode(errors="replace").splitlines() if named.code == 0 else []
        for person in people:
            # A file that was signed by hand may end in a line feed.
            if any(self._holds(person, signature, plan_id + end) for end in ("", "\n")):
                return person
        return None

    def _holds(self, person: str, signature: Path, message: str) -> bool:
        revoked = ["-r", str(self.revoked)] if self.revoked else []
        asked = ["-Y", "verify", "-n", NAMESPACE, "-f", str(self.file), "-I", person, "-s", str(signature), *revoked]
        return _told(asked, message.encode()).code == 0


def _leads_through(file: Path, root: Path) -> bool:
    """Whether a file lies in a folder, or the way to it passes anything in there, such as a link."""
    start, parts = Path.cwd(), [*file.parts]
    while parts and parts[0] == "..":  # up from where we really are, which no link can bend
        start, parts = start.parent, parts[1:]
    homes = {root.resolve(), root.absolute()}
    steps = [Path(os.path.normpath(start.joinpath(*parts[: count + 1]))) for count in range(len(parts))]
    return any(home in step.parents for step in [*steps, file.resolve()] for home in homes)


def require_unused(plan_id: str, places: Sequence[Path]) -> None:
    """An approval is good for one run that ends well. Raises `Refused` where that has been."""
    run = carried_out_by(plan_id, places)
    if run is not None:
        raise Refused(f"the plan was carried out already, by run {run}", hint="make a new plan")


def require_approved(
    approvers: Approvers | None, root: Path, plan_id: str, signatures: Iterable[Path], runs: Runs
) -> None:
    """Where approvals are asked for, raise `Refused` unless they are there and were not used up by a run.

    ``root`` is the workspace's folder, where the approvers' file may not lie.
    """
    if approvers is None:
        return
    approvers.check(root)
    approvers.require(plan_id, signatures)
    require_unused(plan_id, runs.exchange(named=lambda run: plan_part(plan_id) in run))


def signatures_beside(plan: Path) -> list[Path]:
    """``PLAN.sig``, ``PLAN.sig.2`` … in the order in which they were made."""
    found = [plan.with_name(f"{plan.name}.sig"), *_numbered(plan)]
    return [path for path in found if path.is_file()]


def approve(plan: Path, plan_id: str, key: Path | None) -> Path:
    """Sign a plan's id with a key, or the user's first; the file of the signature. Raises `PleoctlError`."""
    chosen = key or _default_key()
    with tempfile.TemporaryDirectory(prefix="pleoctl-") as folder:
        message = Path(folder) / "id"
        message.write_text(plan_id, encoding="utf-8")
        command = ["-Y", "sign", "-n", NAMESPACE, "-f", str(chosen), str(message)]
        done = _ask(command, _SIGNING_SECONDS)
        made = Path(f"{message}.sig")
        if done.code or not made.is_file():
            raise PleoctlError(f"ssh-keygen could not sign with {chosen}", hint="name another key with --key")
        signature = made.read_bytes()
    target = _next(plan)
    write_atomically(target, signature)
    return target


def _numbered(plan: Path) -> list[Path]:
    parts = [(path.suffix[1:], path) for path in plan.parent.glob(f"{_plain(plan.name)}.sig.*")]
    return [path for _, path in sorted((int(number), path) for number, path in parts if number.isdecimal())]


def _plain(name: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)


def _next(plan: Path) -> Path:
    first = plan.with_name(f"{plan.name}.sig")
    if not first.exists():
        return first
    numbers = [int(path.suffix[1:]) for path in _numbered(plan)]
    return plan.with_name(f"{plan.name}.sig.{max([1, *numbers]) + 1}")


def _default_key() -> Path:
    folder = Path.home() / ".ssh"
    found = next((folder / name for name in _KEYS if (folder / name).is_file()), None)
    if found is None:
        raise UsageError(
            f"there is no SSH key in {folder}", hint="make one (`ssh-keygen -t ed25519`), or name it: --key"
        )
    return found


def _told(arguments: Sequence[str], message: bytes = b"") -> Ran:
    """What ssh-keygen says of a message on its standard input."""
    with tempfile.TemporaryFile() as given:
        given.write(message)
        given.seek(0)
        return _ask(arguments, _SECONDS, Around(given))


def _ask(arguments: Sequence[str], seconds: float, around: Around | None = None) -> Ran:
    import shutil

    if shutil.which(_PROGRAM) is None:
        raise PleoctlError("ssh-keygen is not installed", hint="it comes with OpenSSH 8.2 and later")
    return this_machine().program([_PROGRAM, *arguments], seconds, around=around)
