"""
Writes safetensors.json: files as the reference implementations write them, in base64, and what is in them. The
safetensors files come from Hugging Face's own library, the npy files from numpy.

    pip install safetensors==0.8.0 && python3 -P test/reference/safetensors.py

-P, since this file has the name of that library.
"""

import base64
import io
import json
import pathlib
import sys

import numpy as np
import safetensors
import safetensors.torch
import torch

numbers = [0.0, -0.0, 1.0, -2.5, 65504.0, 2.0**-24, 0.1]


def kind(x):
    return getattr(x.dtype, "name", str(x.dtype)).replace("torch.", "")


def listed(x):
    """The elements to their last digit; JSON has no infinities, NaN or -0."""
    return [repr(v) if isinstance(v, float) else int(v) for v in x.reshape(-1).tolist()]


def described(x):
    return {"type": kind(x), "shape": list(x.shape), "values": listed(x)}


def safetensors_file(tensors, metadata):
    return {
        "bytes": base64.b64encode(safetensors.torch.save(tensors, metadata)).decode(),
        "metadata": metadata or {},
        "tensors": {name: described(x) for name, x in tensors.items()},
    }


def npy_file(x, version=None):
    out = io.BytesIO()
    np.lib.format.write_array(out, x, version=version)
    return {"bytes": base64.b64encode(out.getvalue()).decode(), "tensor": described(x)}


every_type = {
    "layers.0.weight": torch.tensor(numbers, dtype=torch.float32).reshape(7, 1),
    "layers.0.bias": torch.tensor(numbers + [float("inf"), float("nan")], dtype=torch.float64),
    "half": torch.tensor(numbers + [float("-inf"), float("nan")], dtype=torch.float16),
    "brain": torch.tensor(numbers + [float("-inf"), float("nan")], dtype=torch.bfloat16),
    "int64": torch.tensor([[2**31 - 1, -(2**31)]], dtype=torch.int64),
    "int32": torch.tensor([7, -8, 9], dtype=torch.int32),
    "int16": torch.tensor([-300], dtype=torch.int16),
    "int8": torch.tensor([-3, 4], dtype=torch.int8),
    "uint8": torch.tensor([0, 255], dtype=torch.uint8),
    "mask": torch.tensor([True, False, True]),
    "scalar": torch.tensor(3.25),
    "empty": torch.zeros(0, 3),
}
grid = np.arange(6, dtype=np.float64).reshape(2, 3) / 7

sys.stdout = open(pathlib.Path(__file__).with_suffix(".json"), "w")
print(
    json.dumps(
        {
            "origin": "test/reference/safetensors.py",
            "versions": {
                "safetensors": safetensors.__version__,
                "torch": torch.__version__,
                "numpy": np.__version__,
            },
            "safetensors": {
                "every type": safetensors_file(every_type, {"format": "pt", "größe": "\"1\"\n"}),
                "nothing": safetensors_file({}, None),
            },
            "npy": {
                "C order": npy_file(grid),
                "Fortran order": npy_file(np.asfortranarray(grid)),
                "version 2": npy_file(grid.astype(np.float32), (2, 0)),
                "version 3": npy_file(grid.astype(np.float16), (3, 0)),
                "big-endian": npy_file(grid.astype(">f8")),
                "big-endian whole numbers": npy_file(np.array([[1, -2], [3, 4]], ">i8")),
                "bools": npy_file(np.array([True, False])),
                "a scalar": npy_file(np.array(-0.0)),
                "an empty one": npy_file(np.zeros((2, 0, 3), "<i4")),
            },
        },
        indent=1,
        ensure_ascii=False,
    )
)
