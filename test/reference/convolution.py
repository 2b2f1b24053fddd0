"""What PyTorch's convolutions give, and their gradients: python3 test/reference/convolution.py > test/reference/convolution.json"""

import json

import torch

torch.manual_seed(7)
torch.set_default_dtype(torch.float64)


def written(x):
    return {"shape": list(x.shape), "values": x.detach().flatten().tolist()}


def case(layer, channels, size, input_shape, options, names={}):
    """One layer: its parameters, an input, a cotangent of the output, and all gradients of their product."""
    settings = {names.get(name, name): value for name, value in options.items()}
    module = getattr(torch.nn, layer)(*channels, size, **settings)
    x = torch.randn(input_shape, requires_grad=True)
    y = module(x)
    cotangent = torch.randn(y.shape)
    (y * cotangent).sum().backward()
    parameters = dict(module.named_parameters())
    return {
        "layer": layer,
        "channels": channels,
        "size": size,
        "options": options,
        "parameters": {name: written(p) for name, p in parameters.items()},
        "input": written(x),
        "output": written(y),
        "cotangent": written(cotangent),
        "gradients": {name: written(p.grad) for name, p in [*parameters.items(), ("input", x)]},
    }


longer = {"outputPadding": "output_padding"}
cases = [
    case("Conv1d", [2, 3], 3, [2, 2, 6], {}),
    case("Conv1d", [2, 3], 3, [2, 7], {"stride": 2, "padding": 2}),
    case("Conv1d", [2, 2], 4, [1, 2, 7], {"padding": "same", "dilation": 2}),
    case("Conv1d", [4, 6], 2, [2, 4, 5], {"groups": 2, "padding": 1}),
    case("Conv1d", [3, 3], 3, [1, 3, 5], {"groups": 3}),
    case("Conv2d", [2, 3], 3, [2, 2, 4, 5], {}),
    case("Conv2d", [2, 2], [3, 2], [1, 2, 5, 6], {"stride": [2, 1], "padding": [1, 0], "dilation": [1, 2]}),
    case("Conv2d", [1, 2], [2, 3], [2, 1, 3, 4], {"padding": "same"}),
    case("Conv2d", [4, 4], 2, [4, 3, 4], {"groups": 2, "stride": 2, "padding": 1}),
    case("ConvTranspose1d", [2, 3], 3, [2, 2, 4], {}),
    case("ConvTranspose1d", [4, 2], 3, [1, 4, 3], {"stride": 2, "padding": 1, "outputPadding": 1, "groups": 2}, longer),
    case("ConvTranspose1d", [2, 1], 2, [2, 3], {"dilation": 3}),
    case("ConvTranspose2d", [2, 3], 2, [1, 2, 3, 2], {"stride": 2}),
    case(
        "ConvTranspose2d",
        [2, 2],
        [3, 2],
        [2, 2, 2, 3],
        {"stride": [2, 1], "padding": [1, 0], "dilation": [1, 2], "outputPadding": [1, 0]},
        longer,
    ),
]
print(json.dumps({"origin": f"PyTorch {torch.__version__}, float64, by convolution.py", "cases": cases}))
