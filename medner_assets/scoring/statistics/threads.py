"""Matrix products on one thread."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep linear algebra on the calling thread while the block runs.

    The products of resampling are small, and OpenBLAS's threads wait for each other after each of them:
    where other programs want the cores, seconds become minutes.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, user_api="blas"):
        yield
