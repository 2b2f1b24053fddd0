"""The network of examples/transfer-weights.ts in PyTorch, with the weights of its file. It gives the same answer.

Run: python3 examples/python/transfer_weights.py FILE (needs torch and safetensors)
"""
import sys

import torch
from safetensors.torch import load_file, save_file


class Listener(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.ears = torch.nn.GRU(3, 4, num_layers=2, bidirectional=True)
        self.head = torch.nn.Linear(8, 2)

    def forward(self, sequence):
        return self.head(self.ears(sequence)[0][-1])


listener = Listener()
listener.load_state_dict(load_file(sys.argv[1]))
print("answer", *[f"{each:.4f}" for each in listener(torch.ones(5, 1, 3)).flatten().tolist()])
save_file(listener.state_dict(), sys.argv[1])  # fromPyTorch reads it
