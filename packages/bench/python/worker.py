"""The process of a runner in Python: told in lines of JSON what to prepare and how often to run it, it answers likewise.

A runner calls serve() with its version, the ways in which it can carry out each computation, and a function
prepare(kind, mode, inputs, sizes) that returns a function run(). run() carries out the computation to its end and returns
its results by name.
"""

import json
import sys
import time

import numpy as np


def serve(version, modes, prepare, to_numpy):
    answer({"version": version, "modes": modes})
    runs = {}
    for line in sys.stdin:
        question = json.loads(line)
        try:
            if question["ask"] == "prepare":
                run = prepare(question["kind"], question["mode"], read(question["inputs"]), question["sizes"])
                runs[question["id"]] = run
                results = {name: to_numpy(result) for name, result in run().items()}
                answer({"results": write(question["results"], results)})
            else:
                answer({"seconds": timed(runs[question["id"]], question["repeats"])})
        except Exception as error:  # whatever it is, the benchmark wants to name it
            answer({"error": f"{type(error).__name__}: {error}"})


def timed(run, repeats):
    start = time.perf_counter()
    for _ in range(repeats):
        run()
    return time.perf_counter() - start


def read(inputs):
    numbers = np.fromfile(inputs["file"], dtype="<f4")
    arrays, start = {}, 0
    for name, shape in inputs["arrays"]:
        size = int(np.prod(shape))
        arrays[name] = numbers[start : start + size].reshape(shape)
        start += size
    return arrays


def write(file, results):
    arrays = {name: np.asarray(result, dtype="<f4") for name, result in results.items()}
    with open(file, "wb") as out:
        for array in arrays.values():
            out.write(np.ascontiguousarray(array).tobytes())
    return {"file": file, "arrays": [[name, list(array.shape)] for name, array in arrays.items()]}


def answer(line):
    print(json.dumps(line), flush=True)
