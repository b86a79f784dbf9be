"""Text to AST."""
