"""Recurrent nets from scratch on tensors, on any device: the twin of rnncourse.in_numpy."""

from rnncourse.in_torch.activations import (
    ACTIVATIONS,
    leaky_relu,
    leaky_relu_prime,
    relu,
    relu_prime,
    sigmoid,
    sigmoid_prime,
    tanh,
    tanh_prime,
)
from rnncourse.in_torch.cells import rnn_step
from rnncourse.in_torch.device import best_device
from rnncourse.in_torch.layers import MLP, RNN, Readout, RecurrentNet, count_parameters
from rnncourse.in_torch.losses import mse, softmax, softmax_cross_entropy
from rnncourse.in_torch.optim import SGD, Adam, clip_by_norm
from rnncourse.in_torch.training import History, fit

__all__ = [
    "ACTIVATIONS",
    "MLP",
    "RNN",
    "SGD",
    "Adam",
    "History",
    "Readout",
    "RecurrentNet",
    "best_device",
    "clip_by_norm",
    "count_parameters",
    "fit",
    "leaky_relu",
    "leaky_relu_prime",
    "mse",
    "relu",
    "relu_prime",
    "rnn_step",
    "sigmoid",
    "sigmoid_prime",
    "softmax",
    "softmax_cross_entropy",
    "tanh",
    "tanh_prime",
]
