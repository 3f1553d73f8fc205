"""Starts moto with our CloudFormation on a free port, prints its URL, and ends with its standard input.

Run by the Python of moto's own venv: `python -m tests.aws.fake.server`.
"""
# moto has no types.
# mypy: disable-error-code="import-not-found,import-untyped"

from __future__ import annotations

import logging
import os
import sys


def main() -> None:
    # An image has to be in moto's ECR before a function can be made of it, and a managed policy has to exist.
    os.environ["MOTO_LAMBDA_STUB_ECR"] = "false"
    os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"
    from moto.server import ThreadedMotoServer

    from tests.aws.fake import cloudformation, stack

    cloudformation.install()
    # A line per request says nothing; a traceback does.
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    # By name: moto takes a bucket's name out of the host, where it is an address.
    stack.endpoint = f"http://localhost:{server.get_host_and_port()[1]}"
    print(stack.endpoint, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
