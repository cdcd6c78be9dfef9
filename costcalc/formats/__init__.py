"""File formats, read and written: their syntax and their field numbers, and nothing of networks.

One module for each encoding (``protobuf``, ``prototxt``), and one for each schema
that is encoded so (``onnx_schema``).  Importers read by them, exporters write.
"""
