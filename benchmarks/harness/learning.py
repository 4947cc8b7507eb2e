"""One side of the tuning benchmark, in a process of its own so that its memory can be told: Attune's loop, or TRL's.

    python -m benchmarks.harness.learning attune|trl FOLDER

The folder holds what both sides get (`lessons.jsonl`, `plan.json`) and gets what each makes of it (`attune.json`,
`trl.json`, and the adapters). Timed is the training alone: no imports, no loading, no preparing of rows. Seconds of
CPU, which others on the machine don't add to, are of the training alone for TRL, and with loading for Attune. Both
train on the GPU if there is one that they can see; memory is the GPU's then.
"""

import json
import resource
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig

from tuning.domain.datasets import Origin
from tuning.training import adapters, loop, models, passes
from tuning.training.batches import Row
from tuning.training.config import TrainingConfig
from tuning.training.rows import render_row

LESSONS, PLAN = "lessons.jsonl", "plan.json"


@dataclass(frozen=True, kw_only=True)
class Lessons:
    """What both sides learn, and how."""

    base: str
    """Folder of the base model."""
    rows_per_step: int
    packed_tokens: int
    """Tokens that TRL packs into one row of a step: as many as the rows of a step have."""
    threads: int
    rate: float = 2e-4
    rank: int = 16
    alpha: int = 32
    seed: int = 1


def attune(lessons: Lessons, folder: Path) -> tuple[float, float, Path]:
    """Train with Attune's loop; return the seconds, those of CPU, and the adapter's folder."""
    config = TrainingConfig(
        base=Path(lessons.base),
        examples=folder / LESSONS,
        folder=folder / "attune",
        threads=lessons.threads,
        seed=lessons.seed,
        rank=lessons.rank,
        alpha=lessons.alpha,
        rate=lessons.rate,
        epochs=1,
        least_steps=1,
        long_row_tokens=0,
        batch_rows=lessons.rows_per_step,
        batch_tokens=10**6,
        checkpoint_s=10**6,
    )
    config.folder.mkdir()
    started = time.process_time()
    adapter = loop.train(config, is_stopped=lambda: False)
    cpu_s = time.process_time() - started
    return json.loads((config.folder / loop.MANIFEST).read_text(encoding="utf-8"))["seconds"], cpu_s, adapter


def trl(lessons: Lessons, folder: Path) -> tuple[float, float, Path]:
    """Train with TRL's SFTTrainer, packing on; return the seconds, those of CPU, and the adapter's folder."""
    import datasets  # noqa: PLC0415 - a library of this side only: the other must not carry its memory
    import peft  # noqa: PLC0415
    from trl import SFTConfig, SFTTrainer  # noqa: PLC0415

    torch.set_num_threads(lessons.threads)
    base, target = Path(lessons.base), folder / "trl"
    device = models.device()
    model = models.load_model(base, device)
    rows = [
        {"prompt": it["messages"], "completion": [{"role": "assistant", "content": it["completion"]}]}
        for it in map(json.loads, (folder / LESSONS).read_text(encoding="utf-8").splitlines())
    ]
    trainer = SFTTrainer(
        model=model,
        processing_class=models.load_tokenizer(base),
        train_dataset=datasets.Dataset.from_list(rows),
        peft_config=peft.LoraConfig(
            r=lessons.rank, lora_alpha=lessons.alpha, target_modules=adapters.targets(model), task_type="CAUSAL_LM"
        ),
        args=SFTConfig(
            output_dir=str(target),
            packing=True,
            max_length=lessons.packed_tokens,
            per_device_train_batch_size=1,
            num_train_epochs=1,
            learning_rate=lessons.rate,
            lr_scheduler_type="cosine",
            warmup_steps=TrainingConfig.warmup,
            adam_beta1=loop.BETAS[0],
            adam_beta2=loop.BETAS[1],
            weight_decay=0.0,
            max_grad_norm=1.0,
            completion_only_loss=True,
            gradient_checkpointing=False,
            bf16=False,
            use_cpu=device.type == "cpu",
            seed=lessons.seed,
            save_strategy="no",
            report_to=[],
            disable_tqdm=True,
        ),
    )
    started, cpu_started = time.perf_counter(), time.process_time()
    trainer.train()
    seconds, cpu_s = time.perf_counter() - started, time.process_time() - cpu_started
    trainer.save_model(str(target))
    return seconds, cpu_s, target


def matmul_flops(dtype: torch.dtype, width: int = 4096, times: int = 8) -> float:
    """Return how many floating-point operations a second a plain product of matrices reaches where this trains."""
    device = models.device()
    matrix = torch.randn(width, width, device=device).to(dtype)
    matrix @ matrix
    took = []
    for _ in range(times):
        _wait(device)
        started = time.perf_counter()
        matrix @ matrix
        _wait(device)
        took.append(time.perf_counter() - started)
    return float(2 * width**3 / min(took))


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def loss_of(base: Path, adapter: Path, rows: tuple[Row, ...]) -> float:
    """Return the mean loss over the completions with an adapter, each row by itself."""
    import peft  # noqa: PLC0415

    device = models.device()
    model = peft.PeftModel.from_pretrained(models.load_model(base, device), str(adapter)).eval()
    with torch.inference_mode():
        total = sum(passes.loss_of(model, (row,), device).item() for row in rows)
    return total / sum(len(row.tokens) - row.start for row in rows)


def rows_of(base: Path, path: Path) -> tuple[Row, ...]:
    """Return lessons as rows."""
    tokenizer = models.load_tokenizer(base)
    lessons = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return tuple(render_row(tokenizer, it["messages"], it["completion"], Origin.LIST) for it in lessons)


def main() -> None:
    """Be one side."""
    side, folder = sys.argv[1], Path(sys.argv[2])
    lessons = Lessons(**json.loads((folder / PLAN).read_text(encoding="utf-8")))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds, cpu_s, adapter = {"attune": attune, "trl": trl}[side](lessons, folder)
    peak_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    if torch.cuda.is_available():
        peak_bytes = torch.cuda.max_memory_allocated()
    shape = AutoConfig.from_pretrained(lessons.base)
    torch.set_num_threads(lessons.threads)
    found: dict[str, Any] = {
        "seconds": seconds,
        "cpu_seconds": cpu_s,
        "peak_bytes": peak_bytes,
        "bytes_before": before * 1024,
        "matmul_flops": matmul_flops(models.precision(shape, models.device())),
    }
    (folder / f"{side}.json").write_text(json.dumps(found | {"adapter": str(adapter)}), encoding="utf-8")


if __name__ == "__main__":
    main()
