"""What `/metrics` tells, in Prometheus' text format. No label holds a text, and none grows without end."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
_WINDOWS = (1, 2, 4, 8, 16, 32, 64, 128, 512)


class Metrics:
    """The counts of one server, from its start."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.requests = Counter(
            "medner_requests",
            "Requests answered, by path and status.",
            ("path", "status"),
            registry=self._registry,
        )
        self.seconds = Histogram(
            "medner_extract_seconds", "From a request of /extract to its answer.",
            buckets=_SECONDS, registry=self._registry,
        )  # fmt: skip
        self.texts = Counter("medner_texts", "Texts read.", registry=self._registry)
        self.characters = Counter(
            "medner_characters", "Characters of the texts read.", registry=self._registry
        )
        self.abandoned = Counter(
            "medner_abandoned_requests", "Requests whose client went away.", registry=self._registry
        )
        self.waiting = Gauge(
            "medner_waiting_characters", "Characters of texts that wait.", registry=self._registry
        )
        self._windows = Histogram(
            "medner_batch_windows",
            "Windows that were read at once.",
            buckets=_WINDOWS,
            registry=self._registry,
        )
        self.swaps = Counter("medner_champion_swaps", "Versions that took over.", registry=self._registry)
        self.restarts = Counter(
            "medner_reader_restarts", "Processes that ended by themselves.", registry=self._registry
        )
        self._served = Gauge(
            "medner_served", "1 for the version that answers.", ("version", "dataset", "evaluation"),
            registry=self._registry,
        )  # fmt: skip

    def batched(self, windows: int) -> None:
        """Count a batch."""
        self._windows.observe(windows)

    def text(self, version: str | None, dataset: str, evaluation: str | None) -> bytes:
        """Return the page. version: the one that answers now; None: none does."""
        self._served.clear()
        if version is not None:
            self._served.labels(version, dataset, evaluation or "").set(1)
        return generate_latest(self._registry)
