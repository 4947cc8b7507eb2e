"""What the engine counts about itself, for Prometheus."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """One engine's figures, in a registry of their own."""

    def __init__(self) -> None:
        """Begin at zero."""
        self._registry = CollectorRegistry()
        name = "attune_engine"
        registry = self._registry
        self.requests = Counter(f"{name}_requests", "Finished requests", ["outcome"], registry=registry)
        self.prompt_tokens = Counter(f"{name}_prompt_tokens", "Prompt tokens decoded", registry=registry)
        self.reused_tokens = Counter(f"{name}_reused_tokens", "Prompt tokens found in memory", registry=registry)
        self.answer_tokens = Counter(f"{name}_answer_tokens", "Tokens chosen", registry=registry)
        self.drafted_tokens = Counter(f"{name}_drafted_tokens", "Tokens looked up in prompts", registry=registry)
        self.accepted_tokens = Counter(f"{name}_accepted_tokens", "Of them, those the model chose", registry=registry)
        self.evictions = Counter(f"{name}_lane_evictions", "Lanes closed for another adapter", registry=registry)
        self.waiting = Gauge(f"{name}_requests_waiting", "Requests without a sequence", registry=registry)
        self.running = Gauge(f"{name}_requests_running", "Requests being answered", registry=registry)
        self.lanes = Gauge(f"{name}_lanes", "Open lanes", registry=registry)
        self.adapters = Gauge(f"{name}_adapters", "Registered adapters", registry=registry)
        self.first_token = Histogram(
            f"{name}_first_token_seconds", "From request to first token", buckets=SECONDS, registry=registry
        )
        self.decode = Histogram(
            f"{name}_decode_seconds", "One call of llama_decode", buckets=SECONDS, registry=registry
        )
        self.busy = Counter(f"{name}_busy_seconds", "Time of turns, decoding included", registry=registry)

    def text(self) -> bytes:
        """Return all figures in Prometheus's text format."""
        return generate_latest(self._registry)
