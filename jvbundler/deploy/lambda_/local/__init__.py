"""The function on this machine: AWS's emulator, and before it a server in the place of API Gateway."""
