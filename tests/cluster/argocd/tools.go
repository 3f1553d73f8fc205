//go:build tools

// Argo CD, which is one program under many names; scripts/bring_tools.py builds it.
package tools

import _ "github.com/argoproj/argo-cd/v3/cmd"
