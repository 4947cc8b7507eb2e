"""The adapters that may be used, and the checks a file passes before native code sees it."""

import hashlib
import math
from pathlib import Path

from serving.errors import (
    AdapterChanged,
    AdapterMismatch,
    AdapterOutside,
    BrokenFile,
    InvalidRequest,
    TooManyPinned,
    UnknownModel,
)
from serving.gguf import Header, Tensor, read_header
from serving.request import AdapterFile

BASE = "base"
"""The name of the base model in every engine."""
EMBEDDING = "embedding"
"""The name of the encoder in every engine that has one."""
MAX_ID_LENGTH = 200
_FLOATS = {0, 1, 30}
_UNTOUCHABLE = {"token_embd.weight": "the embeddings", "output.weight": "the output head"}


class Adapters:
    """The register of adapters by id. It only holds files that passed their checks."""

    def __init__(self, *, folder: Path, base: Path, lanes: int) -> None:
        """Read the base model's header, to compare adapters with."""
        self.base_header = read_header(base)
        self._folder = folder
        self._base = base
        self._lanes = lanes
        self._files: dict[str, AdapterFile] = {}

    @property
    def base_names(self) -> tuple[str, str]:
        """The names that mean the base model."""
        return BASE, self._base.stem

    def ids(self) -> list[str]:
        """Return the ids of all adapters, in the order they came."""
        return list(self._files)

    def find(self, model: str) -> AdapterFile | None:
        """Return the adapter of that id; none for the base model.

        Raises:
            UnknownModel: there is no such adapter.
        """
        if model in self.base_names:
            return None
        if model not in self._files:
            raise UnknownModel(model=model, param="model")
        return self._files[model]

    def check(self, adapter_id: str, path: Path, *, sha256: str | None = None, pinned: bool = False) -> AdapterFile:
        """Check an adapter's id and file: place, hash, header and shapes. Reads the file; registers nothing.

        Raises:
            InvalidRequest: the id can't be used.
            AdapterOutside: the file is not in the adapter folder.
            AdapterChanged: its hash differs.
            BrokenFile: it is no whole GGUF file.
            AdapterMismatch: it is not for this base model.
        """
        if not adapter_id or len(adapter_id) > MAX_ID_LENGTH or adapter_id in (*self.base_names, EMBEDDING):
            raise InvalidRequest(reason=f"'{adapter_id}' can't be an adapter's id. Choose another.", param="id")
        try:
            real = (self._folder / path).resolve(strict=True)
        except (OSError, ValueError) as error:  # a path with a null character is none
            raise BrokenFile(file=path, reason="it is not there", param="path") from error
        if not real.is_relative_to(self._folder.resolve()) or not real.is_file():
            raise AdapterOutside(file=path, param="path")
        status = real.stat()
        file = AdapterFile(id=adapter_id, path=real, size=status.st_size, modified_ns=status.st_mtime_ns, pinned=pinned)
        if sha256:
            actual = _sha256(real)
            if actual != sha256.lower():
                raise AdapterChanged(file=path.name, actual=actual, expected=sha256, param="sha256")
        check_fit(real, self._base, self.base_header)
        return file

    def holds(self, file: AdapterFile) -> bool:
        """Return whether this very file is registered, pinned or not as it asks."""
        held = self._files.get(file.id)
        return held == file and held.pinned == file.pinned

    def register(self, file: AdapterFile) -> AdapterFile | None:
        """Make an adapter available; return the one whose id it takes over.

        Raises:
            TooManyPinned: no lane would be left for the others.
        """
        if file.pinned:
            pinned = sum(other.pinned for other in self._files.values() if other.id != file.id)
            if pinned + 1 >= self._lanes:
                raise TooManyPinned(pinned=pinned, lanes=self._lanes, param="pinned")
        previous = self._files.get(file.id)
        self._files[file.id] = file
        return previous if previous != file else None

    def remove(self, adapter_id: str) -> AdapterFile:
        """Take an adapter out of the register.

        Raises:
            UnknownModel: there is no such adapter.
        """
        if adapter_id not in self._files:
            raise UnknownModel(model=adapter_id, param="id")
        return self._files.pop(adapter_id)


def check_fit(path: Path, base: Path, base_header: Header) -> None:
    """Check that a file is a LoRA adapter whose every tensor pair fits a tensor of the base model.

    Raises:
        BrokenFile: it is no whole GGUF file, or no adapter.
        AdapterMismatch: it is for another base model.
    """
    header = read_header(path)
    if header.metadata.get("general.type") != "adapter" or header.metadata.get("adapter.type") != "lora":
        raise BrokenFile(file=path.name, reason="it is no LoRA adapter")
    alpha = header.metadata.get("adapter.lora.alpha")
    if not isinstance(alpha, float) or not math.isfinite(alpha):
        raise BrokenFile(file=path.name, reason=f"its alpha is {alpha}")
    reason = None
    if header.architecture != base_header.architecture:
        reason = f"it is for {header.architecture or 'no named architecture'}, the base is {base_header.architecture}"
    elif not header.tensors:
        reason = "it has no tensors"
    else:
        names = {name.removesuffix(".lora_a").removesuffix(".lora_b") for name in header.tensors}
        reasons = (_misfit(name, header, base_header.tensors.get(name)) for name in sorted(names))
        reason = next(filter(None, reasons), None)
    if reason:
        raise AdapterMismatch(adapter=path.name, base=base.name, reason=reason)


def _misfit(name: str, header: Header, base: Tensor | None) -> str | None:
    """Return why a pair of tensors doesn't fit the base tensor of that name, if it doesn't."""
    first, second = header.tensors.get(f"{name}.lora_a"), header.tensors.get(f"{name}.lora_b")
    if first is None or second is None:
        return f"'{name}' is no pair of LoRA tensors"
    if base is None:
        return f"the base has no tensor '{name}'"
    if name in _UNTOUCHABLE:
        return f"it changes {_UNTOUCHABLE[name]}, which an adapter in GGUF can't"
    if first.type not in _FLOATS or second.type not in _FLOATS:
        return f"'{name}' is not in floating-point numbers"
    fits = (
        len(first.shape) == len(second.shape) == len(base.shape) >= len(("in", "out"))
        and first.shape[0] == base.shape[0]
        and second.shape[1] == base.shape[1]
        and first.shape[1] == second.shape[0]
        and first.shape[2:] == second.shape[2:] == base.shape[2:]
    )
    return None if fits else f"'{name}' is {list(first.shape)} and {list(second.shape)} for {list(base.shape)}"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
