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
from rnncourse.in_numpy.attention import AttentionEncoderDecoder, attention, attention_backward
from rnncourse.in_numpy.base import count_parameters, to_numpy
from rnncourse.in_numpy.cells import (
    gru_step,
    gru_step_backward,
    lstm_step,
    lstm_step_backward,
    rnn_step,
    rnn_step_backward,
)
from rnncourse.in_numpy.encoder_decoder import EncoderDecoder
from rnncourse.in_numpy.gradcheck import gradcheck, numerical_gradient
from rnncourse.in_numpy.initial import chrono, forget_bias, glorot, identity, orthogonal, uniform
from rnncourse.in_numpy.layers import GRU, LSTM, RNN, Bidirectional, Stack
from rnncourse.in_numpy.losses import log_softmax, mse, softmax, softmax_cross_entropy
from rnncourse.in_numpy.nets import MLP, Readout, RecurrentNet
from rnncourse.in_numpy.optim import SGD, Adagrad, Adam, Momentum, clip_by_norm
from rnncourse.in_numpy.sampling import Beam, beam_search, greedy, sample, with_temperature
from rnncourse.in_numpy.storage import load_parameters, save_parameters
from rnncourse.in_numpy.training import History, fit, fit_truncated, progress

__all__ = [
    "ACTIVATIONS",
    "GRU",
    "LSTM",
    "MLP",
    "RNN",
    "SGD",
    "Adagrad",
    "Adam",
    "AttentionEncoderDecoder",
    "Beam",
    "Bidirectional",
    "EncoderDecoder",
    "History",
    "Momentum",
    "Readout",
    "RecurrentNet",
    "Stack",
    "attention",
    "attention_backward",
    "beam_search",
    "chrono",
    "clip_by_norm",
    "count_parameters",
    "fit",
    "fit_truncated",
    "forget_bias",
    "glorot",
    "gradcheck",
    "greedy",
    "gru_step",
    "gru_step_backward",
    "identity",
    "leaky_relu",
    "leaky_relu_prime",
    "load_parameters",
    "log_softmax",
    "lstm_step",
    "lstm_step_backward",
    "mse",
    "numerical_gradient",
    "orthogonal",
    "progress",
    "relu",
    "relu_prime",
    "rnn_step",
    "rnn_step_backward",
    "sample",
    "save_parameters",
    "sigmoid",
    "sigmoid_prime",
    "softmax",
    "softmax_cross_entropy",
    "tanh",
    "tanh_prime",
    "to_numpy",
    "uniform",
    "with_temperature",
]
