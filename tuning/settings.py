"""What the backend is told from outside: where things are and how much it may use."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from serving.config import EngineConfig
from serving.logs import Form
from tuning.domain.registration import AppRegistration

STARTER = Path(__file__).parent / "starter" / "model"
"""The base model that ships with Attune."""
GRACE_S = 60.0
"""How much longer than the engine's deadline to wait for it: it says itself that an answer was not ready."""


class TuningSettings(BaseSettings):
    """The settings of the worker, read once in its `main()` from variables that begin with ATTUNE_, or from .env."""

    model_config = SettingsConfigDict(env_prefix="ATTUNE_", env_file=".env", extra="ignore", frozen=True)

    store_url: str = Field(default="sqlite:///var/attune.db", description="SQLite or PostgreSQL, as an SQLAlchemy URL.")
    artifacts: Path = Field(
        default=Path("var/artifacts"), description="Folder for datasets, adapters, models and reports."
    )
    audit_anchor: Path = Field(
        default=Path("var/audit-anchor.jsonl"),
        description="File for the hourly anchors of the audit; best on a disk that the store's admins can't write to.",
    )
    tenant: Path = Field(
        default=Path("sample_tenant"), description="Folder of the organisation: `people.json` and the documents."
    )
    base_model: Path = Field(
        default=STARTER,
        description="Folder of the base model (safetensors, as transformers writes it); the default is the starter.",
    )
    quantisation: Literal["F16", "Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M"] = Field(
        default="Q8_0", description="How the engine's copy of the base model is quantised."
    )
    converter: Path = Field(
        default=Path(".cache/converter"), description="Folder of the engine's own converter; set-up puts it there."
    )
    sync_hours: float = Field(
        default=24.0, ge=0, description="How often each source is synced by itself, in hours; 0 for never."
    )
    engine_url: str = Field(default="http://127.0.0.1:8080", description="Where the engine answers.")
    engine_api_key: SecretStr = Field(
        default=SecretStr(""), description="If set, the engine wants it of every request as a bearer token."
    )
    engine_deadline_s: float = Field(
        default=EngineConfig.deadline_s, gt=0, description="Seconds after which a request is given up."
    )
    threads: int = Field(default=0, ge=0, description="CPU threads for training; 0 takes all.")
    training_memory_gib: float = Field(
        default=0.0, ge=0, description="Memory that a training may take, in GiB; 0 allows 80 % of the machine's."
    )
    training_processes: int = Field(
        default=0, ge=0, description="Processes that train one adapter together; 0 takes one for each GPU."
    )
    admin_group: str = Field(
        default="fc1bb51a-7f95-404b-86f1-706c45b77f29",
        description="Object id of the group whose members approve releases; the default is the sample tenant's.",
    )
    reads: Literal["excerpts", "passages"] = Field(
        default="excerpts",
        description="What a model is shown of the passages found: the sentences and rows that fit the question best, "
        "as suits the starter, or all of each, as suits larger ones. A change needs a retrain.",
    )
    directory: Literal["file", "entra"] = Field(
        default="file", description="Where people and groups are looked up: `people.json`, or Microsoft Entra."
    )
    graph_tenant_id: str = Field(default="", description="Microsoft 365: the tenant id in Entra.")
    graph_client_id: str = Field(default="", description="Microsoft 365: the client id of the app registration.")
    graph_certificate: Path | None = Field(
        default=None, description="Microsoft 365: PEM file with the app registration's private key and certificate."
    )
    graph_secret: SecretStr = Field(
        default=SecretStr(""), description="Microsoft 365: a client secret, where there is no certificate."
    )
    graph_managed_identity: bool = Field(
        default=False,
        description="Microsoft 365: sign in by the managed identity of the machine in Azure, with neither of the two.",
    )
    graph_url: str = Field(
        default="https://graph.microsoft.com/v1.0", description="Microsoft Graph; national clouds have their own."
    )
    login_url: str = Field(
        default="https://login.microsoftonline.com", description="Microsoft's sign-in; national clouds have their own."
    )
    graph_authorities: Path | None = Field(
        default=None, description="PEM file of root certificates, for networks that look into TLS."
    )
    sign_in: bool = Field(
        default=False,
        description="Attune acts for people whom Teams signs in: live search, files into their OneDrive, links.",
    )
    sharepoint: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Addresses of SharePoint libraries or folders to take as sources, with blanks between them.",
    )
    worker_metrics_port: int = Field(
        default=0, ge=0, le=65535, description="Port for a worker's /metrics, on loopback only; 0 for none."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="How much the logs say."
    )
    log_format: Form = Field(default="text", description="How the logs are written: text, or json, one object a line.")

    @field_validator("sharepoint", mode="before")
    @classmethod
    def _lines(cls, value: object) -> object:
        return tuple(value.split()) if isinstance(value, str) else value

    @property
    def base_model_name(self) -> str:
        """What people call the base model: its folder's name."""
        return "starter" if self.base_model == STARTER else self.base_model.name

    @property
    def engine_timeout_s(self) -> float:
        """Seconds to wait for what the engine says: until it has given up by itself."""
        return self.engine_deadline_s + GRACE_S

    @property
    def registration(self) -> AppRegistration | None:
        """Attune's registration in Entra; None if there is none."""
        if not self.graph_tenant_id or not (self.graph_client_id or self.graph_managed_identity):
            return None
        return AppRegistration(
            tenant_id=self.graph_tenant_id,
            client_id=self.graph_client_id,
            secret=self.graph_secret.get_secret_value(),
            certificate=self.graph_certificate,
            managed_identity=self.graph_managed_identity,
            login_url=self.login_url.rstrip("/"),
            graph_url=self.graph_url.rstrip("/"),
            authorities=self.graph_authorities,
        )
