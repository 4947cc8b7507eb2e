"""Unpacks llama.cpp's converter out of the engine's own source archive, so that both are one version.

python -m serving.converter SDIST TARGET
"""

import shutil
import sys
import tarfile
from pathlib import Path, PurePosixPath

WANTED = ("convert_hf_to_gguf.py", "convert_lora_to_gguf.py", "conversion", "gguf-py")


def unpack_converter(sdist: Path, target: Path) -> None:
    """Put the converter's scripts and packages from a llama-cpp-python source archive into a folder, replacing it.

    Raises:
        FileNotFoundError: the archive holds no converter.
    """
    fresh = target.with_name(f"{target.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    with tarfile.open(sdist) as archive:
        for member in archive:
            parts = PurePosixPath(member.name).parts
            inside = parts[parts.index("llama.cpp") + 1 :] if parts[1:3] == ("vendor", "llama.cpp") else ()
            if not member.isfile() or not inside or inside[0] not in WANTED:
                continue
            source = archive.extractfile(member)
            if source is None:
                continue
            path = fresh.joinpath(*inside)
            path.parent.mkdir(parents=True, exist_ok=True)
            with source, path.open("wb") as file:
                shutil.copyfileobj(source, file)
    missing = [name for name in WANTED if not (fresh / name).exists()]
    if missing:
        shutil.rmtree(fresh)
        raise FileNotFoundError(f"{sdist} holds no {', '.join(missing)}; is it llama-cpp-python's source archive?")
    shutil.rmtree(target, ignore_errors=True)
    fresh.rename(target)


def main() -> None:
    """Unpack what the command line names."""
    if len(sys.argv) != len(("program", "sdist", "target")):
        sys.exit("usage: python -m serving.converter SDIST TARGET")
    try:
        unpack_converter(Path(sys.argv[1]), Path(sys.argv[2]))
    except (OSError, tarfile.TarError) as error:
        sys.exit(str(error))
    print(f"The converter is in {sys.argv[2]}.")


if __name__ == "__main__":
    main()
