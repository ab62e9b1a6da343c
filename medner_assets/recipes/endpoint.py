"""An OpenAI-compatible server that a version asks: where it is, how it is asked, what may leave here."""

import ipaddress
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from medner_assets.recipes.settings import Settings


class EndpointRecipe(Settings):
    """A server such as vLLM, llama.cpp, Ollama or `transformers serve`. It is asked greedily."""

    url: str = Field(
        max_length=300,
        description="Its address up to the version, e.g. http://127.0.0.1:8000/v1. Another machine needs "
        "allow_remote and https.",
    )
    model: str = Field(min_length=1, max_length=200, description="The model, by the server's name for it.")
    api: Literal["chat", "completions"] = Field(
        "chat", description="chat: as a user's message; completions: the prompt of style instruct as it is."
    )
    allow_remote: bool = Field(
        False, description="true: texts of the dataset may be sent to another machine. The report says so."
    )
    key: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{0,63}$")] | None = Field(
        None, description="The environment variable that holds the key; none: no key is sent."
    )
    max_new_tokens: int = Field(384, ge=1, le=8192, description="A longer answer is cut and marked as cut.")
    concurrency: int = Field(4, ge=1, le=256, description="Requests at the same time.")
    timeout: float = Field(120, gt=0, le=3600, description="Seconds that a whole answer may take.")
    tries: int = Field(
        5, ge=1, le=20, description="Requests a text before the run stops; between them it waits ever longer."
    )

    @field_validator("url")
    @classmethod
    def _plain(cls, value: str) -> str:
        address = urlsplit(value)
        port: Any = address.port  # raises ValueError where it is no number
        if address.scheme not in ("http", "https") or not address.hostname or port == 0:
            raise ValueError("an address as http://127.0.0.1:8000/v1")
        if address.username is not None or address.password is not None:
            raise ValueError("an address without a login: name the variable of the key as `key`")
        if address.query or address.fragment or any(each.isspace() for each in value):
            raise ValueError("an address without ?, # and blanks")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _stays_here(self) -> "EndpointRecipe":
        if not self.is_remote:
            return self
        if not self.allow_remote:
            raise ValueError(
                f"{self.host} is another machine, and texts would be sent to it: state `allow_remote: true` "
                "if they may, or name a server on 127.0.0.1"
            )
        if urlsplit(self.url).scheme != "https":
            raise ValueError(f"{self.host} is another machine: name it with https://, or use a tunnel")
        return self

    @property
    def host(self) -> str:
        """The machine's name or number."""
        return urlsplit(self.url).hostname or ""

    @property
    def is_remote(self) -> bool:
        """Whether the texts leave this machine."""
        if self.host == "localhost":
            return False
        try:
            return not ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return True

    def asked(self) -> dict[str, Any]:
        """Return what decides an answer: the same asked, the same answers."""
        return self.model_dump(mode="json", include={"url", "model", "api", "max_new_tokens"})
