"""From a checkpoint to the ONNX files, manifest and card that the node loads."""
