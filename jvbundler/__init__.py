"""jvbundler: compiles a jvagent app and its deploy.yaml into deployment files."""

__version__ = "0.1.0"
