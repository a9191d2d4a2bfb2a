"""Trees asked directly: through the C functions of XGBoost, which it documents and keeps.

The method of `xgboost.Booster` looks which of twenty kinds of table it was given, and defines a
Python class, for each call. Of a single row that takes longer than the trees do, and leaves garbage
in a cycle behind. What we use of the library besides has a test in `tests/unit/models`.
"""

import ctypes
import json
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from valuebox.models import boosters

if TYPE_CHECKING:
    import xgboost as xgb

_Lengths = ctypes.POINTER(ctypes.c_uint64)
_Values = ctypes.POINTER(ctypes.c_float)
_HOW: Final = json.dumps(
    {
        "type": 0,
        "training": False,
        "iteration_begin": 0,
        "iteration_end": 0,
        "missing": float("nan"),
        "strict_shape": False,
        "cache_id": 0,
    }
).encode()
"""A value for each row, by all trees; see `XGBoosterPredictFromDense`."""


def predict(booster: "xgb.Booster", matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    """What trees with one output say of each row, as `booster.inplace_predict(matrix)` does.

    Args:
        booster: On the processor; any number of threads may ask it at once.
        matrix: `(n_rows, n_features)`; NaN is missing. Copied where it is not C-ordered.

    Returns:
        `(n_rows,)`.

    Raises:
        xgboost.core.XGBoostError: a `ValueError`, when the trees have learned from other columns.
    """
    library = _library()
    matrix = np.ascontiguousarray(matrix, dtype=np.float32)
    found = np.empty(len(matrix), dtype=np.float32)
    lengths, dimensions, values = _Lengths(), ctypes.c_uint64(), _Values()
    status = library.XGBoosterPredictFromDense(
        booster.handle,
        b'{"data":[%d,true],"shape":[%d,%d],"strides":null,"typestr":"<f4","version":3}'
        % (matrix.ctypes.data, *matrix.shape),
        _HOW,
        None,
        ctypes.byref(lengths),
        ctypes.byref(dimensions),
        ctypes.byref(values),
    )
    if status:
        raise boosters.xgb.core.XGBoostError(library.XGBGetLastError().decode())
    # The library's own memory, which it overwrites when this thread asks again.
    ctypes.memmove(found.ctypes.data, values, found.nbytes)
    return found


@cache
def _library() -> Any:
    """The library that XGBoost has loaded already, with the types of what we call."""
    library = ctypes.CDLL(boosters.xgb.libpath.find_lib_path()[0])
    library.XGBGetLastError.restype = ctypes.c_char_p
    library.XGBoosterPredictFromDense.argtypes = [
        ctypes.c_void_p,
        ctypes.c_char_p,
        ctypes.c_char_p,
        ctypes.c_void_p,
        ctypes.POINTER(_Lengths),
        ctypes.POINTER(ctypes.c_uint64),
        ctypes.POINTER(_Values),
    ]
    return library
