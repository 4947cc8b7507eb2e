"""The door to transformers: the base model and its tokenizer, from a folder only and never with foreign code."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import torch
import transformers
from transformers.modeling_layers import GradientCheckpointingLayer

from tuning.training.errors import BaseModelMissing, BaseModelUnfit

transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()

WIDE = 512
"""Numbers per token from which on a CPU's units for bfloat16 are worth what they cost."""
_BY_TOKEN = frozenset({"q_proj", "o_proj", "mlp"})
"""Parts of a layer that see each token by itself, and of which only what comes out at it depends."""


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


def load_outline(base: Path) -> Any:
    """Return the model with all its layers and none of its weights, which takes no memory."""
    shape = load_shape(base)
    with torch.device("meta"):
        return _refusing(lambda: transformers.AutoModelForCausalLM.from_config(shape))


def load_model(base: Path, device: torch.device) -> Any:
    """Return the model with frozen weights, in the precision that the device is fast with."""
    shape = load_shape(base)
    model = _refusing(
        lambda: transformers.AutoModelForCausalLM.from_pretrained(
            str(base), dtype=precision(shape, device), local_files_only=True, use_safetensors=True
        )
    )
    return model.requires_grad_(requires_grad=False).to(device)


def ends(model: Any, tokenizer: Any) -> set[int]:
    """Return the tokens that end what a model writes: the tokenizer's, and what its generation config lists."""
    listed = model.generation_config.eos_token_id
    return {tokenizer.eos_token_id, *(listed if isinstance(listed, list) else [listed] if listed is not None else [])}


def linears(model: torch.nn.Module) -> dict[str, torch.nn.Linear]:
    """Return the linear layers in a model's attention and MLP, by their whole names."""
    return {
        name: module
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear) and ".layers." in f".{name}."
    }


def compute_again(model: Any) -> None:
    """Let a model keep each layer's input only, and compute the layer again on the way back."""
    model.activation_checkpointing_enable({"use_reentrant": False})


def set_chance(model: Any, *, drops_out: bool) -> None:
    """Let a model drop out by chance or not; whether layers are computed again does not depend on it."""
    model.train(drops_out)
    for layer in model.modules():
        if isinstance(layer, GradientCheckpointingLayer) and layer.gradient_checkpointing:
            layer.training = True


@contextmanager
def looked_at(model: Any, where_B_S: torch.Tensor) -> Iterator[None]:
    """Compute of a model's last layer only what tokens are looked at for: (B, S), true where what comes out is wanted.

    Of the others only its keys and values are wanted, by tokens that come after them. The logits of these others mean
    nothing. Exact: queries, the attention's output and the MLP see each token by itself. A layer that is computed again
    on the way back is left whole, because that comes later.
    """
    layer = _last_layer(model)
    if layer is None or getattr(layer, "gradient_checkpointing", False):
        yield
        return
    where_N = where_B_S.flatten().nonzero().squeeze(1)
    shape = tuple(where_B_S.shape)

    def only(_module: Any, given: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
        return (given[0].flatten(0, 1)[where_N].unsqueeze(0), *given[1:])

    def in_place(_module: Any, _given: Any, found_1_N_D: torch.Tensor) -> torch.Tensor:
        found_N_D = found_1_N_D.squeeze(0)
        empty = found_N_D.new_zeros(where_B_S.numel(), found_N_D.shape[-1])
        return empty.index_copy(0, where_N, found_N_D).view(*shape, -1)

    with ExitStack() as hooks:
        for name, module in layer.named_modules():
            if name.rpartition(".")[2] in _BY_TOKEN:
                hooks.enter_context(module.register_forward_pre_hook(only))
                hooks.enter_context(module.register_forward_hook(in_place))
        yield


def _last_layer(model: torch.nn.Module) -> torch.nn.Module | None:
    stacks = [it for name, it in model.named_modules() if name.rpartition(".")[2] == "layers"]
    found = [it[-1] for it in stacks if isinstance(it, torch.nn.ModuleList) and len(it)]
    return found[0] if len(found) == 1 else None


def beginning(model: Any, tokens: torch.Tensor, rows: int) -> transformers.DynamicCache:
    """Return what a model keeps of tokens (1, T) that so many rows begin with; gradients flow through it."""
    cache = transformers.DynamicCache(config=model.config)
    with looked_at(model, torch.zeros_like(tokens, dtype=torch.bool)):
        model(input_ids=tokens, past_key_values=cache, use_cache=True, logits_to_keep=1)
    cache.batch_repeat_interleave(rows)
    return cache


def precision(shape: Any, device: torch.device) -> torch.dtype:
    """Return bfloat16 where the hardware has units for it, float32 elsewhere: CPUs without them are slower with it.

    With narrow models CPUs are slower with it in any case, and keep code in memory for each size of batch: 2.2 GiB of
    it after a minute with the starter.
    """
    if device.type == "cuda":
        has_units = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        is_wide = shape.get_text_config().hidden_size >= WIDE
        has_units = is_wide and bool(torch.cpu.get_capabilities().get("amx_bf16"))
    return torch.bfloat16 if has_units else torch.float32


def device() -> torch.device:
    """Return where to train: the GPU if there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def _refusing(load: Any) -> Any:
    try:
        return load()
    except (OSError, ValueError, KeyError, ImportError) as error:
        raise BaseModelUnfit(reason=str(error).strip().splitlines()[0].rstrip(".")) from error
