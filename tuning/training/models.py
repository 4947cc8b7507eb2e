"""The door to transformers: the base model and its tokenizer, from a folder only and never with foreign code."""

from pathlib import Path
from typing import Any

import torch
import transformers

from tuning.training.errors import BaseModelMissing, BaseModelUnfit

transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()


def check_folder(base: Path) -> None:
    """Raise `BaseModelMissing` unless a folder holds a base model."""
    for pattern in ("config.json", "*.safetensors", "tokenizer*"):
        if not any(base.glob(pattern)):
            raise BaseModelMissing(folder=base, missing=pattern)


def load_shape(base: Path) -> Any:
    """Return the model's config: sizes, without its weights."""
    check_folder(base)
    return _refusing(lambda: transformers.AutoConfig.from_pretrained(str(base), local_files_only=True))


def load_tokenizer(base: Path) -> Any:
    """Return the tokenizer; raise `BaseModelUnfit` if it has no chat template or no end token."""
    check_folder(base)
    tokenizer = _refusing(lambda: transformers.AutoTokenizer.from_pretrained(str(base), local_files_only=True))
    if not tokenizer.chat_template or tokenizer.eos_token_id is None:
        raise BaseModelUnfit(
            reason="its tokenizer has no chat template or no end token; take an instruction-tuned model"
        )
    return tokenizer


def load_model(base: Path, device: torch.device) -> Any:
    """Return the model with frozen weights: float32 on a CPU, bfloat16 on a GPU."""
    check_folder(base)
    dtype = torch.float32 if device.type == "cpu" else torch.bfloat16
    model = _refusing(
        lambda: transformers.AutoModelForCausalLM.from_pretrained(
            str(base), dtype=dtype, local_files_only=True, use_safetensors=True
        )
    )
    return model.requires_grad_(requires_grad=False).to(device)


def beginning(model: Any, tokens: torch.Tensor, rows: int) -> transformers.DynamicCache:
    """Return what a model keeps of tokens (1, T) that so many rows begin with; gradients flow through it."""
    cache = transformers.DynamicCache(config=model.config)
    model(input_ids=tokens, past_key_values=cache, use_cache=True, logits_to_keep=1)
    cache.batch_repeat_interleave(rows)
    return cache


def device() -> torch.device:
    """Return where to train: the GPU if there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def _refusing(load: Any) -> Any:
    try:
        return load()
    except (OSError, ValueError, KeyError, ImportError) as error:
        raise BaseModelUnfit(reason=str(error).strip().splitlines()[0].rstrip(".")) from error
