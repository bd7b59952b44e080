"""Saving models: as JSON, safetensors, ONNX and torch."""
