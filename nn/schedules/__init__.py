"""Schedules: learning rates that change while a model trains."""

from nn.schedules.formulas import ConstantLR as ConstantLR
from nn.schedules.formulas import CosineAnnealingLR as CosineAnnealingLR
from nn.schedules.formulas import CosineAnnealingWarmRestarts as CosineAnnealingWarmRestarts
from nn.schedules.formulas import ExponentialLR as ExponentialLR
from nn.schedules.formulas import LambdaLR as LambdaLR
from nn.schedules.formulas import LinearLR as LinearLR
from nn.schedules.formulas import MultiStepLR as MultiStepLR
from nn.schedules.formulas import StepLR as StepLR
from nn.schedules.onecycle import OneCycleLR as OneCycleLR
from nn.schedules.plateau import ReduceLROnPlateau as ReduceLROnPlateau
from nn.schedules.schedule import Schedule as Schedule
from nn.schedules.sequential import SequentialLR as SequentialLR
