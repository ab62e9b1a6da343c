"""What a process need not load before it can begin. Importing is most of the time that one sentence takes.

transformers imports torch's compiler and its distributed tensors, and with them SymPy, for a few marks on
functions. A process that neither compiles nor is one of several has no use for them: about a quarter of the
CPU time of `medner predict` for one sentence.
"""

import importlib
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

_COMPILER = "torch._dynamo"
_MASKS = "torch._dynamo._trace_wrapped_higher_order_op"


def without_learners() -> None:
    """Let transformers do without scikit-learn and SciPy, which cost it more than a second of CPU time.

    It imports them for assisted decoding and for losses of object detection; nothing here uses either.
    """
    _deny("is_sklearn_available", "is_scipy_available")


def without_compiler() -> None:
    """Let transformers do without torch's compiler and distributed tensors, until something uses them.

    For a process that only reads, alone. To be called before any model's module is imported. What is to be
    compiled runs as it stands: bitsandbytes asks for that when it is imported. Whatever asks for more of the
    compiler than marks on functions gets the real one, at the price of its import.
    """
    import torch

    _deny("is_torch_distributed_available", "is_torch_flex_attn_available")
    torch.__dict__["compile"] = _unchanged
    if _COMPILER in sys.modules:
        return
    sys.modules[_COMPILER] = torch.__dict__["_dynamo"] = _Marks(_COMPILER)
    sys.modules[_MASKS] = _Masks(_MASKS)


def without_torch() -> None:
    """Let transformers do without torch. For a process that only loads a tokenizer."""
    _deny("is_torch_available")


def _deny(*names: str) -> None:
    import transformers.utils
    import transformers.utils.import_utils

    for module in (transformers.utils, transformers.utils.import_utils):
        for name in names:
            if hasattr(module, name):
                setattr(module, name, lambda: False)


def _unchanged(function: Callable[..., Any] | None = None, *_: Any, **__: Any) -> Any:
    return function if function is not None else _unchanged


class _Marks(ModuleType):
    """Stands in for the compiler: its marks leave a function as it is, all else is asked of the real one."""

    allow_in_graph = assume_constant_result = disable = mark_static_address = staticmethod(_unchanged)

    def __init__(self, name: str) -> None:
        super().__init__(name)
        for each in ("__spec__", "__loader__", "__package__"):
            del self.__dict__[each]  # so that importing a part of the compiler comes here first

    def __getattr__(self, name: str) -> Any:
        if name in ("__spec__", "__loader__", "__package__", "__file__"):
            raise AttributeError(name)
        return getattr(_compiler(self), name)


class _Masks(ModuleType):
    """Stands in for the one part of the compiler that transformers' attention masks name."""

    class TransformGetItemToIndex:
        """The real one, once it is made."""

        def __new__(cls) -> Any:
            """Return an instance of the real class."""
            _compiler(sys.modules[_COMPILER])
            return importlib.import_module(_MASKS).TransformGetItemToIndex()


def _compiler(present: ModuleType) -> ModuleType:
    """Return the real compiler; where a stand-in is `present`, it gives way."""
    import torch

    if sys.modules.get(_COMPILER) is present and isinstance(present, _Marks):
        del sys.modules[_COMPILER]
        sys.modules.pop(_MASKS, None)
        torch.__dict__.pop("_dynamo", None)
    return importlib.import_module(_COMPILER)
