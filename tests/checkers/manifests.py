"""Manifests that the checkers of Kubernetes files are tried on."""

from __future__ import annotations

GOOD = """\
apiVersion: v1
kind: Service
metadata:
  name: shop
spec:
  selector:
    app.kubernetes.io/name: shop
  ports:
    - name: http
      port: 80
      targetPort: http
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
spec:
  replicas: 1
  selector:
    matchLabels:
      app.kubernetes.io/name: shop
  template:
    metadata:
      labels:
        app.kubernetes.io/name: shop
    spec:
      containers:
        - name: shop
          image: registry.example.com/shop:1.0.0
          imagePullPolicy: IfNotPresent
          ports:
            - containerPort: 8080
          resources:
            limits:
              cpu: 2
              memory: 1Gi
"""

# One mistake each: what is replaced, by what.
MISSPELT_FIELD = GOOD.replace("imagePullPolicy", "imagePullPolcy")
WRONG_TYPE = GOOD.replace("containerPort: 8080", "containerPort: '8080'")
MISSING_FIELD = GOOD.replace("        - name: shop\n          image:", "        - image:")
REPEATED_KEY = GOOD.replace("  replicas: 1\n", "  replicas: 1\n  replicas: 2\n")
CUSTOM_RESOURCE = (
    GOOD + "---\napiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: shop}\n"
)
