"""The engine's settings, read once from the environment."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from serving.config import EngineConfig
from serving.logs import Form


class EngineSettings(BaseSettings):
    """Read from the environment and from .env, with the prefix ATTUNE_ENGINE_."""

    model_config = SettingsConfigDict(
        env_prefix="ATTUNE_ENGINE_", env_file=".env", extra="ignore", use_attribute_docstrings=True
    )

    model: Path
    """The base model, a GGUF file."""
    host: str = "127.0.0.1"
    """Where the engine listens."""
    port: int = Field(default=8080, ge=0, le=65535)
    """The port; 0 takes a free one."""
    adapter_dir: Path = Path("var/artifacts")
    """The folder that adapters are loaded from; others are refused."""
    embedding_model: Path | None = None
    """The encoder for /v1/embeddings, a GGUF file; without it texts are not embedded."""
    threads: int = Field(default=EngineConfig.threads, ge=1)
    """Threads of llama.cpp."""
    gpu_layers: int = Field(default=EngineConfig.gpu_layers, ge=-1)
    """Layers to put on a GPU where llama.cpp was built for one; -1 for all."""
    context_tokens: int = Field(default=EngineConfig.context_tokens, ge=64)
    """Tokens of KV memory per lane."""
    lanes: int = Field(default=EngineConfig.lanes, ge=1)
    """Adapters and base in memory at once."""
    kv_bytes: int = Field(default=EngineConfig.kv_bytes, ge=0)
    """KV memory of all lanes and of conversations swapped out of them together, in bytes."""
    kv_type: Literal["f16", "f32", "q8_0"] = EngineConfig.kv_type
    """Numbers of the KV memory; f32 also computes attention in full precision."""
    sequences: int = Field(default=EngineConfig.sequences, ge=1, le=64)
    """Conversations per lane."""
    batch_tokens: int = Field(default=EngineConfig.batch_tokens, ge=128, le=4096)
    """Tokens per turn of a lane."""
    draft_tokens: int = Field(default=EngineConfig.draft_tokens, ge=0, le=64)
    """Tokens per turn of a lane that may be drafted by looking them up in the prompts; 0 switches look-up off."""
    grammars: bool = EngineConfig.grammars
    """Take GBNF grammars from requests; only where every client is trusted, for a grammar can stop the engine."""
    queue: int = Field(default=EngineConfig.queue, ge=1)
    """Requests that may wait."""
    answer_tokens: int = Field(default=EngineConfig.answer_tokens, ge=1)
    """Length of an answer when a request sets none."""
    deadline_s: float = Field(default=EngineConfig.deadline_s, gt=0)
    """Seconds after which a request is given up."""
    drain_s: float = Field(default=EngineConfig.drain_s, ge=0)
    """Seconds that answers under way may still take when the engine is stopped; under `attune up` 10 at most."""
    api_key: SecretStr | None = None
    """If set, the engine wants it of every request as a bearer token."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """What is logged."""
    log_format: Form = "text"
    """How it is written: text, or json, one object a line."""

    def config(self) -> EngineConfig:
        """Return the engine's part."""
        names = EngineConfig.__dataclass_fields__
        return EngineConfig(**{name: getattr(self, name) for name in names})
