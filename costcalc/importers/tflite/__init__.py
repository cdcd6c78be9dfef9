"""TFLite models: ``.tflite``, by a reader of their own."""
