"""SAM templates that the checkers of templates are tried on."""

from __future__ import annotations

GOOD = """\
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Parameters:
  ImageUri:
    Type: String
Resources:
  HttpApi:
    Type: AWS::Serverless::HttpApi
    Properties:
      DefaultRouteSettings:
        ThrottlingBurstLimit: 100
        ThrottlingRateLimit: 50
  App:
    Type: AWS::Serverless::Function
    Properties:
      PackageType: Image
      ImageUri: !Ref ImageUri
      Timeout: 30
      MemorySize: 1024
      Architectures: [arm64]
      Policies:
        - AWSLambdaVPCAccessExecutionRole
      Events:
        Any:
          Type: HttpApi
          Properties:
            ApiId: !Ref HttpApi
"""
