//go:build tools

// The two controllers of Flux that pull and apply; scripts/bring_tools.py builds them.
package tools

import (
	_ "github.com/fluxcd/kustomize-controller"
	_ "github.com/fluxcd/source-controller"
)
