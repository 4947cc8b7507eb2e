"""Models and adapters from their training format to GGUF, by llama.cpp's own converter in a child process."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from serving.errors import ConversionFailed, ConverterMissing
from serving.whole import whole

FloatType = Literal["f32", "f16", "bf16"]
CONVERSION_TIMEOUT_S = 3600


def convert_base(model_dir: Path, target: Path, type: FloatType = "f16", *, converter_dir: Path) -> None:  # noqa: A002
    """Convert a transformers model folder (config, safetensors, tokenizer) to one GGUF file, whole or not at all.

    Raises:
        ConverterMissing: nothing was unpacked into converter_dir.
        ConversionFailed: the converter doesn't know the model or its tokenizer, or a file is damaged.
    """
    _convert("convert_hf_to_gguf.py", model_dir, target, ["--outtype", type], converter_dir)


def convert_adapter(adapter_dir: Path, base_dir: Path, target: Path, *, converter_dir: Path) -> None:
    """Convert a peft LoRA folder to a GGUF adapter in float32; base_dir gives the base model's config.

    Raises:
        ConverterMissing: nothing was unpacked into converter_dir.
        ConversionFailed: the adapter touches what GGUF adapters can't hold, or a file is damaged.
    """
    _convert(
        "convert_lora_to_gguf.py", adapter_dir, target, ["--base", str(base_dir), "--outtype", "f32"], converter_dir
    )


def _convert(script: str, source: Path, target: Path, options: Sequence[str], converter_dir: Path) -> None:
    program = converter_dir / script
    if not program.is_file():
        raise ConverterMissing(folder=converter_dir)
    environment = {
        "PATH": os.defpath,
        "PYTHONPATH": str((converter_dir / "gguf-py").resolve()),
        "PYTHONUTF8": "1",
        "HF_HUB_OFFLINE": "1",
    }
    with whole(target) as unfinished:
        command = [sys.executable, str(program.resolve()), *options, "--outfile", str(unfinished), str(source)]
        try:
            done = subprocess.run(
                command, env=environment, capture_output=True, text=True, timeout=CONVERSION_TIMEOUT_S, check=False
            )
        except subprocess.TimeoutExpired as slow:
            reason = f"it took longer than {CONVERSION_TIMEOUT_S} seconds."
            raise ConversionFailed(source=source, reason=reason) from slow
        if done.returncode != 0 or not unfinished.is_file():
            raise ConversionFailed(source=source, reason=_last_line(done.stderr))


def _last_line(text: str) -> str:
    """Return the line that says why: a traceback ends with it."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1].removeprefix("ERROR:") if lines else "the converter said nothing."
