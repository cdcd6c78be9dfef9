"""A language server as an editor talks to it: JSON-RPC over its standard streams."""

import json
import subprocess
from pathlib import Path
from typing import Any


class LanguageServer:
    """A running yaml-language-server, and the documents that are open in it."""

    def __init__(self, command: list[str]) -> None:
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.number = 0
        self.problems: dict[str, list[dict[str, Any]]] = {}
        capabilities = {
            "textDocument": {
                "completion": {"completionItem": {"snippetSupport": True}},
                "hover": {"contentFormat": ["plaintext"]},
                "publishDiagnostics": {},
            },
            "workspace": {"configuration": True},
        }
        self.request("initialize", processId=None, rootUri=None, capabilities=capabilities)
        self.notify("initialized")

    def close(self) -> None:
        self.request("shutdown")
        self.notify("exit")
        self.process.communicate(timeout=10)

    def open(self, path: Path) -> list[dict[str, Any]]:
        """Opens a file; the problems that the server shows in it."""
        text = path.read_text(encoding="utf-8")
        document = {"uri": path.as_uri(), "languageId": "yaml", "version": 1, "text": text}
        self.problems.pop(path.as_uri(), None)
        self.notify("textDocument/didOpen", textDocument=document)
        while path.as_uri() not in self.problems:
            self.take()
        return self.problems[path.as_uri()]

    def at(self, method: str, path: Path, line: int, character: int) -> Any:
        """What the server answers about a place of an open file."""
        place = {"line": line, "character": character}
        return self.request(method, textDocument={"uri": path.as_uri()}, position=place)

    def completions(self, path: Path, line: int, character: int) -> dict[str, dict[str, Any]]:
        """What may be typed at a place, by its label."""
        answer = self.at("textDocument/completion", path, line, character)
        return {item["label"]: item for item in answer["items"]}

    def request(self, method: str, **params: Any) -> Any:
        self.number += 1
        self.send({"id": self.number, "method": method, "params": params})
        while True:
            message = self.take()
            if message.get("id") == self.number and "method" not in message:
                assert "error" not in message, message
                return message["result"]

    def notify(self, method: str, **params: Any) -> None:
        self.send({"method": method, "params": params})

    def send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def take(self) -> dict[str, Any]:
        """The next message; requests of the server are answered with its defaults."""
        length = 0
        while line := self.process.stdout.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        message: dict[str, Any] = json.loads(self.process.stdout.read(length))
        if message.get("method") == "textDocument/publishDiagnostics":
            self.problems[message["params"]["uri"]] = message["params"]["diagnostics"]
        elif "method" in message and "id" in message:
            items = message.get("params", {}).get("items", [])
            self.send({"id": message["id"], "result": [self.settings(item) for item in items]})
        return message

    @staticmethod
    def settings(item: dict[str, Any]) -> Any:
        """No schemas but those that files name, and nothing from the network."""
        if item.get("section") != "yaml":
            return None
        stores = {"schemaStore": {"enable": False}, "kubernetesCRDStore": {"enable": False}}
        return {**stores, "validate": True, "completion": True, "hover": True}
