"""File formats, for reading and writing: syntax and field numbers, independent of networks.

One module for each encoding (``protobuf``, ``prototxt``) and one for each schema that
uses it (``onnx_schema``).  Importers read with them, exporters write.
"""
