"""Plots of a training and of what a model answers (extra `plot`)."""

from nn.plot.axes import COLORS as COLORS
from nn.plot.axes import LINES as LINES
from nn.plot.axes import MARKERS as MARKERS
from nn.plot.confusion import plot_confusion_matrix as plot_confusion_matrix
from nn.plot.curves import plot_learning_rate as plot_learning_rate
from nn.plot.curves import plot_loss as plot_loss
from nn.plot.curves import plot_losses as plot_losses
from nn.plot.decisions import plot_decision_regions as plot_decision_regions
from nn.plot.decisions import plot_decision_surface as plot_decision_surface
from nn.plot.parameters import plot_histograms as plot_histograms
