"""ONNX sessions and model bundles."""
