"""Recurrent nets by hand: NumPy only, every gradient written out."""

from rnncourse.in_numpy.activations import (
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
from rnncourse.in_numpy.cells import rnn_step, rnn_step_backward
from rnncourse.in_numpy.gradcheck import gradcheck, numerical_gradient
from rnncourse.in_numpy.layers import MLP, RNN, Readout, RecurrentNet, count_parameters
from rnncourse.in_numpy.losses import mse, softmax, softmax_cross_entropy
from rnncourse.in_numpy.optim import SGD, Adam, clip_by_norm
from rnncourse.in_numpy.training import History, fit

__all__ = [
    "ACTIVATIONS",
    "MLP",
    "RNN",
    "SGD",
    "Adam",
    "History",
    "Readout",
    "RecurrentNet",
    "clip_by_norm",
    "count_parameters",
    "fit",
    "gradcheck",
    "leaky_relu",
    "leaky_relu_prime",
    "mse",
    "numerical_gradient",
    "relu",
    "relu_prime",
    "rnn_step",
    "rnn_step_backward",
    "sigmoid",
    "sigmoid_prime",
    "softmax",
    "softmax_cross_entropy",
    "tanh",
    "tanh_prime",
]
