"""The client of one object store: its address, its conditional writes, its layout, its errors in one line."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote, urlsplit

from medner_assets.environment import allows_http
from medner_assets.errors import MednerError
from medner_assets.layout import marked, require_known
from medner_assets.locks import exclusive

if TYPE_CHECKING:
    from obstore.store import ObjectStore

_MARK = "medner.json"
_REQUEST = timedelta(seconds=60)
PATIENCE = timedelta(minutes=2)
"""For how long a server that answers 503 or nothing is asked again."""
_REASONS = (
    ("NoSuchBucket", "there is no such bucket: check the name in MEDNER_DATA, or make it"),
    ("ContainerNotFound", "there is no such container: check the name in MEDNER_DATA, or make it"),
    ("RequestTimeTooSkewed", "the clock of this machine is wrong: set it, then run it again"),
    ("ExpiredToken", "the credentials have expired: renew them, then run it again"),
    ("TokenRefreshRequired", "the credentials have expired: renew them, then run it again"),
    ("InvalidAccessKeyId", "the server does not know the access key: check the credentials"),
    ("SignatureDoesNotMatch", "the secret key is wrong: check the credentials"),
    ("AccessDenied", "these credentials may not do that: ask for the right to read, write, list and delete"),
)


class ObjectState(NamedTuple):
    """How a server tells one state of an object from another: S3 and Azure by ETag, GCS by version."""

    e_tag: str | None
    version: str | None

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> "ObjectState":
        """Return the state in what a server says of an object that was read or written."""
        return cls(answer["e_tag"], answer["version"])


class Client:
    """What speaks with the store of a URL: `s3://bucket/prefix`, `gs://`, `az://`, or `file:///folder`.

    store: obstore's client, in place of that of the URL. Raises MednerError where the store cannot be used.
    """

    def __init__(self, url: str, store: "ObjectStore | None" = None) -> None:
        self.url = url
        with self.asking():
            self.store = store or _opened(url)
        self._require_layout()

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Run the block; where the server refuses or does not answer, raise a MednerError of one line."""
        from obstore.exceptions import BaseError

        try:
            yield
        except (BaseError, OSError, NotImplementedError, ValueError) as error:
            raise MednerError(f"{self.url}: {_reason(error)}") from None

    def put_if(self, path: str, content: bytes, before: ObjectState | None) -> ObjectState:
        """Write an object that is not there (before: None), or in the place of the one in that state."""
        from obstore.exceptions import PreconditionError

        if before is None:
            return ObjectState.of(self.store.put(path, content, mode="create", use_multipart=False))
        if not self.url.startswith("file://"):
            mode: Any = {name: value for name, value in before._asdict().items() if value is not None}
            return ObjectState.of(self.store.put(path, content, mode=mode, use_multipart=False))
        # A file system has no precondition of its own.
        with exclusive(_folder(self.url) / ".lock", "writing", None):
            if ObjectState.of(self.store.head(path)) != before:
                raise PreconditionError(path)
            return ObjectState.of(self.store.put(path, content))

    def _require_layout(self) -> None:
        """Raise MednerError for a bucket of a later medner; mark one that is new, if its server can do it."""
        with self.asking():
            try:
                content = bytes(self.store.get(_MARK).bytes())
            except FileNotFoundError as error:
                if is_of_no_bucket(error):
                    raise
                self._require_preconditions()
                return
        require_known(content, f"{self.url}/{_MARK}")

    def _require_preconditions(self) -> None:
        """Mark a new bucket; raise MednerError where its server takes writes that it should refuse."""
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        content = marked()
        try:
            self.put_if(_MARK, content, None)
        except AlreadyExistsError:
            return  # another process was first
        for wrong in (None, ObjectState('"00000000000000000000000000000000"', "1")):
            try:
                self.put_if(_MARK, content, wrong)
            except (AlreadyExistsError, PreconditionError):
                continue
            self.store.delete(_MARK)
            raise MednerError(
                f"{self.url}: the server ignores preconditions of writes (If-None-Match, If-Match), so two "
                "writers would overwrite each other unseen: use one that honours them"
            )


def is_of_no_bucket(error: FileNotFoundError) -> bool:
    """Tell whether a server misses the bucket itself and not an object in it."""
    return "NoSuchBucket" in str(error) or "ContainerNotFound" in str(error)


def _opened(url: str) -> "ObjectStore":
    """Return the client of a URL; keys and addresses are in the environment, as each cloud names them."""
    from obstore.store import LocalStore, from_url

    if url.startswith("file://"):
        return LocalStore(_folder(url), mkdir=True)
    return from_url(
        url,
        client_options={"timeout": _REQUEST, "allow_http": allows_http()},
        retry_config={"retry_timeout": PATIENCE, "max_retries": 10},
    )


def _folder(url: str) -> Path:
    return Path(unquote(urlsplit(url).path))


def _reason(error: Exception) -> str:
    """Return what a client's error means, without what it adds for programmers."""
    text = str(error)
    for code, reason in _REASONS:
        if code in text:
            return reason
    if type(error).__name__ in ("PermissionDeniedError", "UnauthenticatedError"):
        return dict(_REASONS)["AccessDenied"]
    if "169.254.169.254" in text:  # where a cloud gives its own machines their rights
        return "there are no credentials: set them in the environment, as the cloud's own tools take them"
    if status := re.search(r"status code: (\d{3})", text):
        return f"the server answers {status[1]} and goes on doing so: run it again later"
    if re.search(r"error sending request|timed? ?out|operation timed|connection", text, re.IGNORECASE):
        return "the server does not answer: check its address and the network, then run it again"
    said = (text.strip().splitlines() or [type(error).__name__])[0].rpartition(" - ")[2]
    return f"it does not work ({said[:200]}): check the settings of the object store"
