"""A Kubernetes control plane on loopback: the real API server, its controllers and scheduler, over etcd.

No container runs: the kubelet is one of ours (`kubelet/`), which tells of pods what a real one would tell.
"""
