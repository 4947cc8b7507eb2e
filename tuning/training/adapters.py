"""The door to peft: which parts of a model LoRA may touch, and adapters as files."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import peft
import torch

from tuning.training import models
from tuning.training.config import TrainingConfig
from tuning.training.errors import BaseModelUnfit, ParentUnfit

UNTOUCHABLE = ("embed_tokens", "wte", "lm_head", "embed_out")
"""Embeddings and output heads, by their names in transformers: an adapter in GGUF can't hold them."""
WEIGHTS = "adapter_model.safetensors"
_OTHER = "other"


def targets(model: torch.nn.Module) -> list[str]:
    """Return the names of the linear layers in attention and MLP, as LoRA's targets (Hu et al. 2021).

    Raises:
        BaseModelUnfit: the model has none that can be exported.
    """
    names = sorted({name.rsplit(".", 1)[-1] for name in models.linears(model)} - set(UNTOUCHABLE))
    if not names:
        raise BaseModelUnfit(reason="it has no linear layers that LoRA could be put on")
    return names


def attach(model: Any, config: TrainingConfig) -> Any:
    """Return the model with a trainable adapter: the parent's, or a fresh one that changes nothing yet.

    Raises:
        ParentUnfit: the parent's adapter is damaged, for another model, or touches what can't be exported.
        BaseModelUnfit: the model can't be tuned.
    """
    if config.parent is None:
        names = targets(model)
        lora = peft.LoraConfig(r=config.rank, lora_alpha=config.alpha, target_modules=names, task_type="CAUSAL_LM")
        return peft.get_peft_model(model, lora)
    try:
        settings = json.loads((config.parent / "adapter_config.json").read_text(encoding="utf-8"))
        refuse_untouchable(settings)
        return peft.PeftModel.from_pretrained(model, str(config.parent), is_trainable=True)
    except (OSError, ValueError, RuntimeError) as error:
        raise ParentUnfit(reason=str(error).strip().splitlines()[0].rstrip(".")) from error


def refuse_untouchable(settings: dict[str, Any]) -> None:
    """Raise `ParentUnfit` if a peft config names embeddings or the output head, or trains whole modules."""
    named = settings.get("target_modules") or []
    names: list[str] = [named] if isinstance(named, str) else list(named)
    touched = [name for name in names if any(part in name for part in UNTOUCHABLE)]
    touched += settings.get("modules_to_save") or []
    if touched:
        raise ParentUnfit(reason=f"it changes {', '.join(touched)}, which an adapter in GGUF can't hold")


def state(model: Any) -> dict[str, torch.Tensor]:
    """Return the adapter's weights by name."""
    weights: dict[str, torch.Tensor] = peft.get_peft_model_state_dict(model)
    return weights


def restore(model: Any, weights: dict[str, torch.Tensor]) -> None:
    """Put weights that `state` gave back."""
    peft.set_peft_model_state_dict(model, weights)


def save(model: Any, folder: Path) -> None:
    """Write the adapter as peft writes it."""
    model.save_pretrained(str(folder), safe_serialization=True)


@contextmanager
def instead(model: Any, folder: Path) -> Iterator[None]:
    """Let another adapter be applied in the place of the one that `load` has put on a model, for a while."""
    model.load_adapter(str(folder), adapter_name=_OTHER)
    model.set_adapter(_OTHER)
    try:
        yield
    finally:
        model.set_adapter("default")
        model.delete_adapter(_OTHER)


def load(model: Any, folder: Path) -> Any:
    """Return the model with an adapter that is only applied, not trained."""
    return peft.PeftModel.from_pretrained(model, str(folder))
