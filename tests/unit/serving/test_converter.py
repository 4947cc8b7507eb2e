"""The converter comes out of the source archive, and nothing else does."""

import io
import tarfile

import pytest

from serving.convert import convert_base
from serving.converter import unpack_converter
from serving.errors import ConverterMissing

FILES = ("convert_hf_to_gguf.py", "convert_lora_to_gguf.py", "conversion/llama.py", "gguf-py/gguf/__init__.py")


def archive(path, names):
    with tarfile.open(path, "w:gz") as file:
        for name in names:
            entry = tarfile.TarInfo(name)
            entry.size = 2
            file.addfile(entry, io.BytesIO(b"x\n"))
    return path


def test_only_the_converter_is_unpacked(tmp_path):
    names = [f"llama_cpp_python-1/vendor/llama.cpp/{name}" for name in (*FILES, "src/llama.cpp")]
    sdist = archive(tmp_path / "a.tar.gz", [*names, "llama_cpp_python-1/setup.py"])
    target = tmp_path / "converter"
    (target / "old").mkdir(parents=True)
    unpack_converter(sdist, target)
    assert sorted(str(path.relative_to(target)) for path in target.rglob("*") if path.is_file()) == sorted(FILES)
    assert not (target / "old").exists()


def test_an_archive_without_it_changes_nothing(tmp_path):
    target = tmp_path / "converter"
    target.mkdir()
    with pytest.raises(FileNotFoundError, match=r"holds no convert_hf_to_gguf.py"):
        unpack_converter(archive(tmp_path / "a.tar.gz", ["other-1/readme"]), target)
    assert target.exists()


def test_without_it_the_error_says_how_to_get_it(tmp_path):
    with pytest.raises(ConverterMissing, match=r"python -m serving.converter SDIST"):
        convert_base(tmp_path, tmp_path / "out.gguf", converter_dir=tmp_path / "none")
